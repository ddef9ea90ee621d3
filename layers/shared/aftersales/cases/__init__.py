"""The casebook: one case per problem, and the outbox record that goes with each transition."""

"""Why a bill differs from the contract."""

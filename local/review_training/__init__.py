"""Making the review classifier's table from labelled reviews. Needs scikit-learn."""

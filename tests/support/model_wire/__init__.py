"""The wire formats of the model providers: what each checks in a request, and how it answers."""

"""The evidence that a judgement may rest on."""

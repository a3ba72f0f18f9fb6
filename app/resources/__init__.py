"""What the network shares: the words of its lexicon."""

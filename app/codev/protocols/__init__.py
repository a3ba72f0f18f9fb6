"""What groups work by, as versioned files: the contract that each member accepts, the protocol of consultations."""

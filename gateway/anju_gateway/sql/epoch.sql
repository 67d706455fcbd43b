SELECT epoch, version FROM outbox

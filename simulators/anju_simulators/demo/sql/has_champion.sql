-- Whether a model is in use; one that doesn't beat the best baseline is not.
SELECT EXISTS (SELECT FROM model WHERE role = 'champion')

SELECT 1 FROM command WHERE id = :id

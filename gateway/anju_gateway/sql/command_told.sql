UPDATE command SET told = 1 WHERE id = :id

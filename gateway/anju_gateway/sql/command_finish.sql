UPDATE command SET response = :response WHERE id = :id

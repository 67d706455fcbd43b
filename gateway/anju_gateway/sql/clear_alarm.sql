DELETE FROM alarm WHERE asset = :asset AND code = :code

"""Backups that outlive their database: one compressed file each, in a folder or an object store. No Pulumi here.

The modules, in the order of the flow::

    manifest      the description in a backup
    artifact      a backup as a file: the manifest, then the script
    names         names of backups: database and time
    folder        backups in a folder
    object_store  backups in S3, R2, Google Cloud Storage or Azure
    place         the folder or object store that a setting names
    create        make a backup
    verify        load a backup into a local D1, and compare
    restore       restore a backup into a new database, or in place of another
    retention     the backups to keep
"""

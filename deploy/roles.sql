-- The owner's role and its empty database, once, as a superuser; "escouade migrate" makes the rest.
create role escouade login createrole password 'CHANGE-ME';
create database escouade owner escouade encoding 'UTF8' template template0;

using Milvus.Model;
using Npgsql;
using NpgsqlTypes;

namespace Milvus.Storage.Postgres.Schema;

/// <summary>The tables and the function inside the database, by version, and the statements that use them.</summary>
/// <remarks>
/// Keys are text in the collation "C", so that they compare by bytes. <c>schema_info</c> has one row: the version of this layout, the
/// epoch, and the generation that tells late commits apart (see <see cref="PostgresMetaStore"/>). Locking that row orders all writers.
/// </remarks>
internal sealed class MetaSchema
{
    public const int Version = 1;

    /// <summary>SQLSTATE of the fence: another epoch is current. The hint carries it.</summary>
    public const string OtherEpoch = "MV001";

    /// <summary>SQLSTATE of the fence: another generation is current. The hint carries it.</summary>
    public const string OtherGeneration = "MV002";

    private readonly string _name;
    private readonly string _quoted;

    public MetaSchema(string name)
    {
        _name = name;
        _quoted = $"\"{name}\"";
        Load = $"SELECT key, value, checksum FROM {_quoted}.entries WHERE key >= $1 AND key < $2 ORDER BY key";
        AcquireEpoch = $"SELECT {_quoted}.acquire_epoch()";
        NextGeneration = $"UPDATE {_quoted}.schema_info SET generation = generation + 1 RETURNING generation";
        Fence = $"SELECT {_quoted}.fence($1, $2)";
        Put = $"INSERT INTO {_quoted}.entries (key, value, checksum) SELECT * FROM unnest($1, $2, $3) "
            + "ON CONFLICT (key) DO UPDATE SET value = excluded.value, checksum = excluded.checksum";
        Delete = $"DELETE FROM {_quoted}.entries WHERE key = ANY ($1)";
        DeletePrefix = $"DELETE FROM {_quoted}.entries WHERE key >= $1 AND key < $2";
    }

    public string Load { get; }

    public string AcquireEpoch { get; }

    public string NextGeneration { get; }

    public string Fence { get; }

    public string Put { get; }

    public string Delete { get; }

    public string DeletePrefix { get; }

    /// <summary>Checks the layout and creates it where it is missing. A role that may not create anything needs no more rights afterwards.</summary>
    /// <exception cref="IntegrityException">The layout is of another version, or the database cannot hold the keys.</exception>
    public async Task PrepareAsync(NpgsqlConnection connection, string database, CancellationToken cancellationToken)
    {
        if (await ScalarAsync(connection, "SELECT to_regclass($1)::text", $"{_quoted}.schema_info", cancellationToken).ConfigureAwait(false) is not string)
            await CreateAsync(connection, database, cancellationToken).ConfigureAwait(false);
        var version = await ScalarAsync(connection, $"SELECT version FROM {_quoted}.schema_info", null, cancellationToken).ConfigureAwait(false);
        if (version is not Version)
            throw new IntegrityException(database, $"schema version {version ?? "unknown"} in '{_name}', this program understands version {Version}");
    }

    private async Task CreateAsync(NpgsqlConnection connection, string database, CancellationToken cancellationToken)
    {
        var encoding = (string)(await ScalarAsync(connection, "SHOW server_encoding", null, cancellationToken).ConfigureAwait(false))!;
        if (encoding is not ("UTF8" or "SQL_ASCII"))
            throw new IntegrityException(database, $"the database's encoding is {encoding}; the meta store needs UTF8");
        var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            // IF NOT EXISTS alone does not keep two sessions from creating the same thing at once: the later one would fail.
            await ScalarAsync(connection, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", $"milvus meta {_name}", cancellationToken).ConfigureAwait(false);
            var command = new NpgsqlCommand(Definition(), connection, transaction);
            await using (command.ConfigureAwait(false))
                await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    // A commit must be durable when it is acknowledged, whatever the database's default; a default stronger than "on" is left alone.
    private string Definition() => $"""
        CREATE SCHEMA IF NOT EXISTS {_quoted};

        CREATE TABLE IF NOT EXISTS {_quoted}.schema_info (
            id smallint PRIMARY KEY CHECK (id = 1),
            version integer NOT NULL,
            epoch bigint NOT NULL,
            generation bigint NOT NULL
        );

        CREATE TABLE IF NOT EXISTS {_quoted}.entries (
            key text COLLATE "C" PRIMARY KEY,
            value bytea NOT NULL,
            checksum bigint NOT NULL
        );

        CREATE OR REPLACE FUNCTION {_quoted}.fence(expected_epoch bigint, expected_generation bigint) RETURNS void LANGUAGE plpgsql AS $fence$
        DECLARE
            found record;
        BEGIN
            IF current_setting('synchronous_commit') = 'off' THEN
                PERFORM set_config('synchronous_commit', 'on', true);
            END IF;
            SELECT epoch, generation INTO STRICT found FROM {_quoted}.schema_info WHERE id = 1 FOR UPDATE;
            IF found.epoch <> expected_epoch THEN
                RAISE EXCEPTION USING ERRCODE = '{OtherEpoch}', MESSAGE = 'another epoch is current', HINT = found.epoch::text;
            END IF;
            IF found.generation <> expected_generation THEN
                RAISE EXCEPTION USING ERRCODE = '{OtherGeneration}', MESSAGE = 'another generation is current', HINT = found.generation::text;
            END IF;
        END
        $fence$;

        CREATE OR REPLACE FUNCTION {_quoted}.acquire_epoch() RETURNS bigint LANGUAGE plpgsql AS $acquire$
        DECLARE
            acquired bigint;
        BEGIN
            IF current_setting('synchronous_commit') = 'off' THEN
                PERFORM set_config('synchronous_commit', 'on', true);
            END IF;
            UPDATE {_quoted}.schema_info SET epoch = epoch + 1 WHERE id = 1 RETURNING epoch INTO STRICT acquired;
            RETURN acquired;
        END
        $acquire$;

        INSERT INTO {_quoted}.schema_info (id, version, epoch, generation) VALUES (1, {Version}, 0, 0) ON CONFLICT DO NOTHING;
        """;

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, string? argument, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(sql, connection);
        await using (command.ConfigureAwait(false))
        {
            if (argument is not null)
                command.Parameters.Add(new NpgsqlParameter { Value = argument, NpgsqlDbType = NpgsqlDbType.Text });
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is var value and not DBNull ? value : null;
        }
    }
}

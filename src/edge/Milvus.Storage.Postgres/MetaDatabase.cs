using System.Net.Sockets;
using Milvus.Model;
using Milvus.Storage.Files;
using Npgsql;

namespace Milvus.Storage.Postgres;

/// <summary>The database by its name for people, and what its failures mean to callers of the meta store.</summary>
internal static class MetaDatabase
{
    /// <summary>Host, port and database; never the password.</summary>
    public static string NameOf(NpgsqlConnectionStringBuilder settings) =>
        $"PostgreSQL {settings.Host}{(settings.Host!.Contains(':', StringComparison.Ordinal) ? "" : $":{settings.Port}")}/{settings.Database ?? settings.Username}";

    /// <summary>True for failures of the database or the way to it, as opposed to mistakes and cancellation.</summary>
    public static bool IsFailure(Exception e) => e is NpgsqlException or TimeoutException or SocketException or IOException;

    /// <summary>
    /// True when what was sent may yet take effect, or has: an error report means that everything was rolled back, but a report that
    /// ends the session, or none at all, does not.
    /// </summary>
    public static bool MayHaveTakenEffect(Exception e) => e is not PostgresException { Severity: "ERROR" };

    public static Exception Translate(Exception e, string database) => e switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } => DiskErrors.DiskFull(database),
        PostgresException { SqlState: PostgresErrorCodes.DataCorrupted or PostgresErrorCodes.IndexCorrupted } p => new IntegrityException(database, p.MessageText, e),
        // What is there of the layout was checked before, so that somebody has removed or changed it since.
        PostgresException
        {
            SqlState: PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn or PostgresErrorCodes.UndefinedFunction
                or PostgresErrorCodes.InvalidSchemaName or PostgresErrorCodes.NoDataFound or PostgresErrorCodes.DatatypeMismatch,
        } p => new IntegrityException(database, p.MessageText, e),
        PostgresException p => new IOException($"{database}: {p.MessageText} ({p.SqlState})", e),
        { InnerException: TimeoutException } or TimeoutException => new IOException($"{database}: no answer in time", e),
        { InnerException: { } inner } => new IOException($"{database}: {e.Message}: {inner.Message}", e),
        _ => new IOException($"{database}: {e.Message}", e),
    };
}

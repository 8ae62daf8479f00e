using Microsoft.Data.Sqlite;

namespace Milvus.Actors.Hosting;

/// <summary>The journal file of a node that is a cluster of its own.</summary>
internal static class SqliteJournal
{
    /// <summary>Creates the file and switches it to write-ahead logging, which stays with the file: group commits instead of one rollback journal each.</summary>
    public static void Prepare(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;";
        command.ExecuteNonQuery();
    }
}

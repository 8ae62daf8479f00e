using System.Text;
using Milvus.Model;
using Milvus.Storage.Meta;
using Milvus.Storage.Postgres.Schema;
using Npgsql;
using NpgsqlTypes;

namespace Milvus.Storage.Postgres.Commits;

/// <summary>
/// A commit as few statements that are sent together: the fence, then per stretch between two prefix deletions one statement for all
/// keys deleted and one for all keys put. Without a transaction of its own a batch is one: it commits at its end, or not at all.
/// </summary>
internal static class CommitBatch
{
    /// <summary>A row of the index must fit into a third of a page of 8 KiB.</summary>
    public const int MaxKeyBytes = 2600;

    // Sorts behind every key that begins with the same prefix; keys cannot contain it.
    private const string AfterEverything = "\U0010FFFF";

    /// <summary>One statement after the fence: its text and its arguments, which may be used for several attempts.</summary>
    public readonly record struct Statement(string Sql, (object Value, NpgsqlDbType Type)[] Arguments);

    /// <exception cref="ArgumentException">A key is longer than the database can index.</exception>
    public static IReadOnlyList<Statement> Plan(IReadOnlyList<MetaMutation> mutations, MetaSchema schema)
    {
        var statements = new List<Statement>();
        var latest = new Dictionary<string, MetaMutation>(StringComparer.Ordinal);
        foreach (var mutation in mutations)
        {
            switch (mutation.Kind)
            {
                case MetaMutationKind.Put or MetaMutationKind.Delete:
                    latest[mutation.Key] = mutation;
                    break;
                case MetaMutationKind.DeletePrefix:
                    Flush(latest, statements, schema);
                    statements.Add(new Statement(schema.DeletePrefix, Range(mutation.Key)));
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(mutations), mutation.Kind, "unknown mutation");
            }
        }
        Flush(latest, statements, schema);
        return statements;
    }

    public static NpgsqlBatch Create(NpgsqlConnection connection, MetaSchema schema, long epoch, long generation, IReadOnlyList<Statement> statements)
    {
        var batch = new NpgsqlBatch(connection);
        Add(batch, new Statement(schema.Fence, [(epoch, NpgsqlDbType.Bigint), (generation, NpgsqlDbType.Bigint)]));
        foreach (var statement in statements)
            Add(batch, statement);
        return batch;
    }

    /// <summary>The arguments of a statement over all keys that start with <paramref name="prefix"/>.</summary>
    public static (object Value, NpgsqlDbType Type)[] Range(string prefix) =>
        [(prefix, NpgsqlDbType.Text), (prefix + AfterEverything, NpgsqlDbType.Text)];

    /// <summary>The same over key and value as in every meta store.</summary>
    public static uint Checksum(string key, ReadOnlySpan<byte> value) => Crc32C.Append(Crc32C.Compute(Encoding.UTF8.GetBytes(key)), value);

    private static void Flush(Dictionary<string, MetaMutation> latest, List<Statement> statements, MetaSchema schema)
    {
        var deleted = latest.Values.Where(m => m.Kind == MetaMutationKind.Delete).Select(m => m.Key).ToArray();
        if (deleted.Length != 0)
            statements.Add(new Statement(schema.Delete, [(deleted, NpgsqlDbType.Array | NpgsqlDbType.Text)]));
        var put = latest.Values.Where(m => m.Kind == MetaMutationKind.Put).ToArray();
        if (put.Length != 0)
        {
            statements.Add(new Statement(schema.Put,
            [
                (Array.ConvertAll(put, m => Indexable(m.Key)), NpgsqlDbType.Array | NpgsqlDbType.Text),
                (Array.ConvertAll(put, m => m.Value.ToArray()), NpgsqlDbType.Array | NpgsqlDbType.Bytea),
                (Array.ConvertAll(put, m => (long)Checksum(m.Key, m.Value.Span)), NpgsqlDbType.Array | NpgsqlDbType.Bigint),
            ]));
        }
        latest.Clear();
    }

    private static string Indexable(string key)
    {
        var bytes = Encoding.UTF8.GetByteCount(key);
        return bytes <= MaxKeyBytes ? key : throw new ArgumentException($"a meta key of {bytes} bytes is too long for PostgreSQL, which takes {MaxKeyBytes}");
    }

    private static void Add(NpgsqlBatch batch, Statement statement)
    {
        var command = new NpgsqlBatchCommand(statement.Sql);
        foreach (var (value, type) in statement.Arguments)
            command.Parameters.Add(new NpgsqlParameter { Value = value, NpgsqlDbType = type });
        batch.BatchCommands.Add(command);
    }
}

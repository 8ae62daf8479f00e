using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy;

/// <summary>Who asks, and which database a request without one means.</summary>
public sealed record RequestContext(string Database = Limits.DefaultDatabase, string? User = null)
{
    public static readonly RequestContext Default = new();
}

/// <summary>
/// Rows to insert, as columns named by the client. Nullable columns are full length with a <see cref="Validity"/>; the edge has already
/// expanded the compact wire form. Types follow what the client sent and are checked against the schema by the proxy.
/// </summary>
public record InsertRequest
{
    public required string Collection { get; init; }

    /// <summary>Null or empty for the default partition.</summary>
    public string? Partition { get; init; }

    public required int RowCount { get; init; }

    public required ImmutableArray<NamedColumn> Columns { get; init; }

    /// <summary>The schema's update timestamp the client knows; 0 = do not check (mismatch fails with 109).</summary>
    public ulong SchemaTimestamp { get; init; }

    /// <summary>Checks the rows as an insert would and writes nothing.</summary>
    public bool CheckOnly { get; init; }

    /// <summary>The namespace that the rows belong to; null for collections without.</summary>
    public string? Namespace { get; init; }

    /// <summary>Takes the rows in place of the channels; null for an ordinary insert.</summary>
    public IRowIntake? Into { get; init; }
}

public enum FieldOperation
{
    Replace,
    ArrayAppend,
    ArrayRemove,
}

public sealed record UpsertRequest : InsertRequest
{
    /// <summary>Rows carry the primary key and a subset of the fields; the rest is read and merged.</summary>
    public bool PartialUpdate { get; init; }

    public ImmutableDictionary<string, FieldOperation> FieldOperations { get; init; } = ImmutableDictionary<string, FieldOperation>.Empty;
}

public sealed record DeleteRequest
{
    public required string Collection { get; init; }

    public string? Partition { get; init; }

    /// <summary>The only namespace to delete from; null for collections without.</summary>
    public string? Namespace { get; init; }

    /// <summary>A filter expression; alternatively <see cref="Keys"/>.</summary>
    public string Expression { get; init; } = "";

    public PrimaryKeys? Keys { get; init; }

    public ImmutableDictionary<string, Literal> Templates { get; init; } = ImmutableDictionary<string, Literal>.Empty;
}

/// <summary>What a write did; <see cref="Timestamp"/> is what Session consistency sends back.</summary>
public sealed record MutationResult
{
    public required PrimaryKeys Ids { get; init; }

    public long InsertCount { get; init; }

    public long DeleteCount { get; init; }

    public long UpsertCount { get; init; }

    public required Timestamp Timestamp { get; init; }
}

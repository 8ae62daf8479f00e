using System.Collections.Immutable;

namespace Milvus.Api.Import;

/// <summary>The states of a job that clients see, by Milvus' names.</summary>
public enum ImportState
{
    Pending,
    Importing,

    /// <summary>Read and checked, waiting for the client to commit or to abort.</summary>
    Uncommitted,
    Committing,
    Completed,
    Failed,
}

/// <summary>One unit of a job: a file of rows.</summary>
/// <param name="Size">Bytes.</param>
/// <param name="TotalRows">Known once the file was read to its end.</param>
public sealed record ImportFile(string Path, long Size = 0, long TotalRows = 0, long ImportedRows = 0);

/// <summary>A snapshot of one bulk import. Immutable; <see cref="ImportJobs"/> replaces it as the work goes on.</summary>
public sealed record ImportJob
{
    public required long Id { get; init; }

    public required string Database { get; init; }

    public required string Collection { get; init; }

    public required long CollectionId { get; init; }

    /// <summary>Empty for the default partition, or for all of a collection with a partition key.</summary>
    public required string Partition { get; init; }

    /// <summary>Who asked; the rows are written with this user's rights. Null without authorization.</summary>
    public string? User { get; init; }

    public required ImmutableArray<ImportFile> Files { get; init; }

    public required ImportOptions Options { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    public ImportState State { get; init; }

    /// <summary>Why it failed; empty otherwise.</summary>
    public string Reason { get; init; } = "";

    public long TotalRows => Files.Sum(f => f.TotalRows);

    public long ImportedRows => Files.Sum(f => f.ImportedRows);

    public bool IsOver => State is ImportState.Completed or ImportState.Failed;

    /// <summary>Percent. Reading and checking counts for the first 40, writing for the rest.</summary>
    public int Progress => State switch
    {
        ImportState.Completed => 100,
        ImportState.Uncommitted or ImportState.Committing => 99,
        ImportState.Importing => TotalRows == 0 ? 10 : 40 + (int)(50 * ImportedRows / TotalRows),
        _ => 0,
    };
}

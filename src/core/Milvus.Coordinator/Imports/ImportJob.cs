using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Coordinator.Imports;

/// <summary>The states of a job that clients see, by Milvus' names. The numbers are stored.</summary>
public enum ImportState
{
    Pending = 0,
    Importing = 1,

    /// <summary>Read and checked, waiting for the client to commit or to abort.</summary>
    Uncommitted = 2,
    Committing = 3,
    Completed = 4,
    Failed = 5,
}

/// <summary>One unit of a job: a file of rows, or the files of its columns.</summary>
/// <param name="Size">Bytes of all of them.</param>
/// <param name="TotalRows">Known once the file was read to its end.</param>
public sealed record ImportFile(ImmutableArray<string> Paths, long Size = 0, long TotalRows = 0, long ImportedRows = 0);

/// <summary>Makes a job one that reads the files of an external collection anew and replaces all of its rows.</summary>
/// <param name="Source">Where the files are, as the client or the collection says.</param>
/// <param name="IsNew">The client gave other files than the collection has; they become the collection's with the job's end.</param>
public sealed record ExternalRefresh(string Source, string Spec, bool IsNew);

/// <summary>
/// One bulk import as the catalogue keeps it. Its rows come into being with one commit of segments; a job that was interrupted before it starts
/// anew, and one that was interrupted after it is found to be done.
/// </summary>
public sealed record ImportJob
{
    public required long Id { get; init; }

    public required string Database { get; init; }

    public required string Collection { get; init; }

    public required long CollectionId { get; init; }

    /// <summary>Empty for the default partition, or for all of a collection with a partition key.</summary>
    public string Partition { get; init; } = "";

    /// <summary>Who asked. Null without authorization.</summary>
    public string? User { get; init; }

    public required ImmutableArray<ImportFile> Files { get; init; }

    /// <summary>Null for a bulk import. A refresh finds its <see cref="Files"/> itself.</summary>
    public ExternalRefresh? Refresh { get; init; }

    /// <summary>As the client gave them.</summary>
    public ImmutableArray<Property> Options { get; init; } = [];

    /// <summary>False waits for the client's word once the rows are checked.</summary>
    public bool AutoCommit { get; init; } = true;

    public required Timestamp CreatedAt { get; init; }

    /// <summary>Zero while it is not over.</summary>
    public Timestamp CompletedAt { get; init; }

    public ImportState State { get; init; }

    /// <summary>Why it failed; empty otherwise.</summary>
    public string Reason { get; init; } = "";

    public long TotalRows => Files.Sum(f => f.TotalRows);

    public long ImportedRows => Files.Sum(f => f.ImportedRows);

    public bool IsOver => State is ImportState.Completed or ImportState.Failed;

    /// <summary>True when there is work to do for it now.</summary>
    public bool IsRunnable => State is ImportState.Pending or ImportState.Importing or ImportState.Committing;

    /// <summary>Percent.</summary>
    public int Progress => State switch
    {
        ImportState.Completed => 100,
        ImportState.Uncommitted or ImportState.Committing => 99,
        ImportState.Importing => Files.Length == 0 ? 10 : 10 + (80 * Files.Count(f => f.TotalRows > 0) / Files.Length),
        _ => 0,
    };
}

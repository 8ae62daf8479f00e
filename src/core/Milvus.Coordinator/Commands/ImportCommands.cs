using System.Collections.Immutable;
using Milvus.Coordinator.Imports;
using Milvus.Model;

namespace Milvus.Coordinator.Commands;

/// <summary>Takes a bulk import in; the work is done later. The result's id is the job's.</summary>
public sealed record CreateImport(string Database, string Collection, string Partition) : CollectionCommand(Database, Collection)
{
    public required ImmutableArray<ImportFile> Files { get; init; }

    public ImmutableArray<Property> Options { get; init; } = [];

    public bool AutoCommit { get; init; } = true;

    public string? User { get; init; }
}

/// <summary>
/// Has the files of an external collection read anew; the work is done later, one such job at a time. The result's id is the job's.
/// </summary>
/// <param name="Source">Other files from now on; empty, as <paramref name="Spec"/> then is, for those that the collection has.</param>
public sealed record RefreshExternal(string Database, string Collection, string Source, string Spec) : CollectionCommand(Database, Collection)
{
    public string? User { get; init; }
}

/// <summary>How far whoever carries a job out has come. A job that is over stays as it is.</summary>
/// <param name="Files">New numbers; empty leaves them.</param>
/// <param name="Reason">Of a failure.</param>
public sealed record ReportImport(long Id, ImportState State, ImmutableArray<ImportFile> Files, string Reason) : CoordinatorCommand;

/// <summary>Lets a job go on that was asked to wait. Doing so again changes nothing.</summary>
public sealed record CommitImport(long Id) : CoordinatorCommand;

/// <summary>Gives a job up whose rows are not written yet.</summary>
public sealed record AbortImport(long Id) : CoordinatorCommand;

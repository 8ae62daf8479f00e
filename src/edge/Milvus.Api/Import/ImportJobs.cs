using System.Collections.Immutable;
using System.Globalization;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.External;
using Milvus.Coordinator.Imports;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Api.Import;

/// <summary>What a client asks for.</summary>
/// <param name="Files">Groups of paths; a group is one unit.</param>
/// <param name="Options">As given.</param>
public sealed record ImportRequest(
    string Database, string Collection, string Partition, ImmutableArray<ImmutableArray<string>> Files, ImmutableArray<Property> Options, string? User = null);

/// <summary>Bulk imports as clients see them. The jobs are in the catalogue; <see cref="ImportWork"/> carries them out, here or on another node. Thread-safe.</summary>
public sealed class ImportJobs(IMilvusProxy proxy)
{
    /// <summary>Most files of one request; Milvus' default.</summary>
    public const int MaxFiles = 1024;

    /// <summary>Takes a request in; the work happens later.</summary>
    /// <returns>The job's id.</returns>
    /// <exception cref="MilvusException">The collection, the partition or the files cannot be.</exception>
    public async Task<long> CreateAsync(ImportRequest request, CancellationToken cancellation)
    {
        var collection = proxy.Catalog.GetCollection(request.Database, request.Collection);
        var options = ImportOptions.From(request.Options);
        if (options.IsBackup)
        {
            if (request.Partition.Length == 0) throw new MilvusException(ErrorCode.MissingParameter, "partition not specified: missing parameter") { IsInputError = true };
            throw ImportFailures.Of("backups are not supported by this server");
        }
        ExternalRules.Refuse(collection, "import");
        CheckPartition(collection, request.Partition);
        var files = request.Files.RemoveAll(f => f.IsDefaultOrEmpty);
        if (files.IsEmpty) throw MilvusException.InvalidParameter("import request is empty");
        if (files.Length > MaxFiles) throw ImportFailures.Of($"The max number of import files should not exceed {MaxFiles}, but got {files.Length}");
        foreach (var paths in files) ImportFileKinds.Of(paths);
        var command = new CreateImport(request.Database, collection.Name, request.Partition)
        {
            Files = [.. files.Select(f => new ImportFile(f))],
            Options = request.Options,
            AutoCommit = options.AutoCommit,
            User = request.User,
        };
        return (await proxy.ExecuteAsync(new RequestContext(request.Database, request.User), command, cancellation)).Id;
    }

    /// <exception cref="MilvusException">1100: no number. 2101: no such job.</exception>
    public ImportJob Get(string id) => Get(JobIds.Parse(id));

    public ImportJob Get(long id) => proxy.Catalog.FindImport(id) is { Refresh: null } job
        ? job
        : throw ImportFailures.OfServer(string.Create(CultureInfo.InvariantCulture, $"import job does not exist, jobID={id}"));

    /// <param name="collectionId">Null for all collections of the database.</param>
    /// <returns>Oldest first.</returns>
    public ImmutableArray<ImportJob> List(string database, long? collectionId) =>
        [.. proxy.Catalog.Imports.Where(j => j.Refresh is null && j.Database == database && (collectionId is null || j.CollectionId == collectionId)).OrderBy(j => j.Id)];

    /// <summary>Lets a job go on that was asked to wait. Doing so again changes nothing.</summary>
    /// <exception cref="MilvusException">2100: it is not waiting.</exception>
    public Task CommitAsync(string id, CancellationToken cancellation) => proxy.ExecuteAsync(RequestContext.Default, new CommitImport(JobIds.Parse(id)), cancellation);

    /// <summary>Gives a job up whose rows are not written yet.</summary>
    /// <exception cref="MilvusException">2100: too late.</exception>
    public Task AbortAsync(string id, CancellationToken cancellation) => proxy.ExecuteAsync(RequestContext.Default, new AbortImport(JobIds.Parse(id)), cancellation);

    private static void CheckPartition(CollectionInfo collection, string partition)
    {
        if (partition.Length == 0) return;
        if (collection.Schema.PartitionKey is not null) throw ImportFailures.Of("not allow to set partition name for collection with partition key");
        if (!collection.Partitions.Any(p => p.Name == partition))
            throw new MilvusException(ErrorCode.PartitionNotFound, $"partition not found[partition={partition}]") { IsInputError = true };
    }
}

using System.Collections.Immutable;
using System.Globalization;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.External;
using Milvus.Coordinator.Imports;
using Milvus.Model;
using Milvus.Protocol;
using Milvus.Proxy;

namespace Milvus.Api.Import.External;

/// <summary>Refreshes of external collections as clients see them. Thread-safe.</summary>
internal static class RefreshJobs
{
    /// <returns>The job's id; the work happens later.</returns>
    /// <exception cref="MilvusException">100: no such collection. 1100: not an external one, or no such files can be. 703: it is being refreshed.</exception>
    public static async Task<long> CreateAsync(IMilvusProxy proxy, RequestContext context, string collection, string source, string spec, CancellationToken cancellation)
    {
        var command = new RefreshExternal(context.Database, collection, source, spec) { User = context.User };
        return (await proxy.ExecuteAsync(context, command, cancellation)).Id;
    }

    /// <exception cref="MilvusException">1100: no such job.</exception>
    public static RefreshExternalCollectionJobInfo Get(IMilvusProxy proxy, long id) => proxy.Catalog.FindImport(id) is { Refresh: { } refresh } job
        ? Describe(proxy, job, refresh)
        : throw MilvusException.InvalidParameter(string.Create(CultureInfo.InvariantCulture, $"refresh job not found[jobID={id}]"));

    /// <param name="collection">Empty for all collections of the database.</param>
    /// <returns>Newest first.</returns>
    /// <exception cref="MilvusException">100: no such collection. 1100: not an external one.</exception>
    public static ImmutableArray<RefreshExternalCollectionJobInfo> List(IMilvusProxy proxy, string database, string collection)
    {
        var name = proxy.Catalog.GetDatabase(database).Name;
        var wanted = collection.Length == 0 ? null : proxy.Catalog.GetCollection(database, collection);
        if (wanted is not null) ExternalRules.Require(wanted);
        return
        [
            .. proxy.Catalog.Imports.Where(j => j.Refresh is not null && j.Database == name && (wanted is null || j.CollectionId == wanted.Id))
                .OrderByDescending(j => j.Id).Select(j => Describe(proxy, j, j.Refresh!)),
        ];
    }

    private static RefreshExternalCollectionJobInfo Describe(IMilvusProxy proxy, ImportJob job, ExternalRefresh refresh) => new()
    {
        JobId = job.Id,
        // It may have another name by now.
        CollectionName = proxy.Catalog.FindCollection(job.CollectionId)?.Name ?? job.Collection,
        State = job.State switch
        {
            ImportState.Pending => RefreshExternalCollectionState.RefreshPending,
            ImportState.Completed => RefreshExternalCollectionState.RefreshCompleted,
            ImportState.Failed => RefreshExternalCollectionState.RefreshFailed,
            _ => RefreshExternalCollectionState.RefreshInProgress,
        },
        Progress = job.Progress,
        Reason = job.Reason,
        ExternalSource = refresh.Source,
        ExternalSpec = ExternalSpec.Shown(refresh.Spec),
        StartTime = job.CreatedAt.PhysicalMs,
        EndTime = job.CompletedAt.PhysicalMs,
    };
}

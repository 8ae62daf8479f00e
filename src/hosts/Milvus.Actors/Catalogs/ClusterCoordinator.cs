using Milvus.Coordinator;
using Milvus.Coordinator.Commands;
using Milvus.Model;

namespace Milvus.Actors.Catalogs;

/// <summary>The coordinator as a proxy node sees it: reads from the node's own copy of the catalogue, commands by way of the singleton.</summary>
public sealed class ClusterCoordinator(CatalogReplica replica, ITimestampOracle oracle, ICoordinatorClient client) : ICoordinator
{
    public Catalog Catalog => replica.Catalog;

    public ITimestampOracle Oracle { get; } = oracle;

    public Task<CommandResult> ExecuteAsync(CoordinatorCommand command, CancellationToken cancellationToken = default) => client.ExecuteAsync(command, cancellationToken);

    /// <summary>Not offered here: a copy learns new states, not the events between them. See <see cref="CatalogReplica.Changed"/>.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public IDisposable Subscribe(ICatalogObserver observer) => throw new NotSupportedException("a copy of the catalogue has no events; use CatalogReplica.Changed");
}

using Milvus.Coordinator;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Snapshots;
using Milvus.Model;

namespace Milvus.Proxy.Tests.Model;

internal sealed class ModelCoordinator : ICoordinator
{
    public ModelCoordinator(ModelOracle oracle)
    {
        Oracle = oracle;
        Catalog = Catalog.Empty.Apply([new DatabaseCreated(new DatabaseInfo { Id = 1, Name = Limits.DefaultDatabase, CreatedAt = oracle.Next() })]);
    }

    public Catalog Catalog { get; private set; }

    public ITimestampOracle Oracle { get; }

    public void Put(CollectionInfo collection) =>
        Catalog = Catalog.Apply([Catalog.FindCollection(collection.Id) is null ? new CollectionCreated(collection) : new CollectionAltered(collection, CollectionAspect.Properties)]);

    public void Put(SnapshotInfo snapshot) => Catalog = Catalog.Apply([new SnapshotStored(snapshot)]);

    /// <summary>Called with every command; may throw.</summary>
    public Action<CoordinatorCommand>? OnExecute { get; set; }

    public void Remove(CollectionInfo collection) => Catalog = Catalog.Apply([new CollectionDropped(collection)]);

    public Task<CommandResult> ExecuteAsync(CoordinatorCommand command, CancellationToken cancellationToken = default)
    {
        OnExecute?.Invoke(command);
        return Task.FromResult(new CommandResult(true, 7, Oracle.Next(), Catalog));
    }

    public IDisposable Subscribe(ICatalogObserver observer) => throw new NotSupportedException();
}

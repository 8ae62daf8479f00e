using Milvus.Coordinator;
using Milvus.Coordinator.Commands;
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

    public void Remove(CollectionInfo collection) => Catalog = Catalog.Apply([new CollectionDropped(collection)]);

    public Task<CommandResult> ExecuteAsync(CoordinatorCommand command, CancellationToken cancellationToken = default) =>
        Task.FromResult(new CommandResult(true, 7, Oracle.Next(), Catalog));

    public IDisposable Subscribe(ICatalogObserver observer) => throw new NotSupportedException();
}

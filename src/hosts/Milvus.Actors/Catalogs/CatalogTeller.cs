using Akka.Actor;
using Milvus.Coordinator;
using Milvus.Coordinator.Replication;

namespace Milvus.Actors.Catalogs;

/// <summary>Tells an actor of every committed change of the catalogue, in the order of their versions.</summary>
internal sealed class CatalogTeller(IActorRef actor) : ICatalogObserver
{
    public ValueTask OnCatalogChangedAsync(CatalogChange change)
    {
        var touched = change.Events.Select(e => e switch
        {
            CollectionCreated created => created.Collection,
            CollectionAltered altered => altered.Collection,
            _ => null,
        }).Where(c => c is not null).Select(c => (c!.Id, c.ShardCount)).Distinct();
        actor.Tell(new CatalogCommitted(CatalogReader.Describe(change), [.. touched]), ActorRefs.NoSender);
        return ValueTask.CompletedTask;
    }
}

/// <param name="Touched">Collections whose channels should look at the catalogue at once, with their numbers of shards.</param>
internal sealed record CatalogCommitted(StoredChange Change, (long Id, int Shards)[] Touched);

/// <summary>The segments of a collection changed.</summary>
internal sealed record SegmentsCommitted(long CollectionId);

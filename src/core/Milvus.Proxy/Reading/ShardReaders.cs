using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy.Reading;

/// <summary>Readers of all shards of a collection, pinned for one request. Disposing it releases them.</summary>
internal sealed class ShardReaders : IDisposable
{
    private readonly IShardReader[] _readers;

    private ShardReaders(ReadScope scope, IShardReader[] readers)
    {
        Scope = scope;
        _readers = readers;
    }

    public ReadScope Scope { get; }

    public int Count => _readers.Length;

    public IShardReader this[int shard] => _readers[shard];

    /// <summary>The time of the state that was read, at least what the request's consistency asked for.</summary>
    public Timestamp ReadAt
    {
        get
        {
            var newest = Scope.ReadAt ?? Scope.Guarantee;
            if (Scope.ReadAt is null)
                foreach (var r in _readers)
                    if (r.ReadAt > newest) newest = r.ReadAt;
            return newest;
        }
    }

    public static async Task<ShardReaders> OpenAsync(IShardGateway gateway, ReadScope scope, CancellationToken cancellation)
    {
        if (scope.Collection.ShardCount == 1) return new ShardReaders(scope, [await gateway.OpenAsync(scope.Collection, 0, scope.Guarantee, scope.ReadAt, cancellation).ConfigureAwait(false)]);
        var opening = new Task<IShardReader>[scope.Collection.ShardCount];
        for (var shard = 0; shard < opening.Length; shard++)
            opening[shard] = OpenShardAsync(gateway, scope, shard, cancellation);
        try
        {
            return new ShardReaders(scope, await Task.WhenAll(opening).ConfigureAwait(false));
        }
        catch
        {
            // WhenAll has waited for every one of them, so whatever did open is known and can be let go.
            foreach (var o in opening)
                if (o.IsCompletedSuccessfully) (await o.ConfigureAwait(false)).Dispose();
            throw;
        }
    }

    /// <summary>Asks every shard at once.</summary>
    public async Task<ImmutableArray<T>> AskAsync<T>(Func<IShardReader, ValueTask<T>> ask)
    {
        if (_readers.Length == 1) return [await ask(_readers[0]).ConfigureAwait(false)];
        var asked = new Task<T>[_readers.Length];
        for (var shard = 0; shard < asked.Length; shard++) asked[shard] = AskShardAsync(ask, _readers[shard]);
        return [.. await Task.WhenAll(asked).ConfigureAwait(false)];
    }

    public void Dispose()
    {
        foreach (var r in _readers) r.Dispose();
    }

    // Async methods, so that a shard that throws at once does not keep the others from being waited for.
    private static async Task<IShardReader> OpenShardAsync(IShardGateway gateway, ReadScope scope, int shard, CancellationToken cancellation) =>
        await gateway.OpenAsync(scope.Collection, shard, scope.Guarantee, scope.ReadAt, cancellation).ConfigureAwait(false);

    private static async Task<T> AskShardAsync<T>(Func<IShardReader, ValueTask<T>> ask, IShardReader reader) => await ask(reader).ConfigureAwait(false);
}

namespace Milvus.Storage.Objects;

/// <summary>What every object store can do by means of its port.</summary>
public static class ObjectStoreExtensions
{
    /// <summary>Bytes of all objects whose key starts with <paramref name="prefix"/>; lists them all.</summary>
    public static async Task<long> GetUsedBytesAsync(this IObjectStore store, string prefix, CancellationToken cancellationToken = default)
    {
        long sum = 0;
        await foreach (var info in store.ListAsync(prefix, cancellationToken).ConfigureAwait(false))
            sum += info.Length;
        return sum;
    }

    /// <summary>The whole object in memory; for manifests and other small ones.</summary>
    /// <exception cref="ObjectNotFoundException">Nothing is stored under the key.</exception>
    public static async Task<byte[]> ReadAllBytesAsync(this IObjectStore store, string key, CancellationToken cancellationToken = default)
    {
        var stream = await store.OpenReadAsync(key, cancellationToken: cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            using var memory = new MemoryStream();
            await stream.CopyToAsync(memory, cancellationToken).ConfigureAwait(false);
            return memory.ToArray();
        }
    }

    /// <summary>Deletes every object whose key starts with <paramref name="prefix"/> and returns how many bytes that freed.</summary>
    public static async Task<long> DeletePrefixAsync(this IObjectStore store, string prefix, CancellationToken cancellationToken = default)
    {
        var doomed = new List<ObjectInfo>();
        await foreach (var info in store.ListAsync(prefix, cancellationToken).ConfigureAwait(false))
            doomed.Add(info);
        long freed = 0;
        foreach (var info in doomed)
        {
            await store.DeleteAsync(info.Key, cancellationToken).ConfigureAwait(false);
            freed += info.Length;
        }
        return freed;
    }
}

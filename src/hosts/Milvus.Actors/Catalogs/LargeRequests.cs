using System.Globalization;
using Milvus.Actors.Messages;
using Milvus.Actors.Serialization;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Storage.Objects;

namespace Milvus.Actors.Catalogs;

/// <summary>
/// Takes requests that are too large for one message to the coordinator by way of the object storage: the message only names the object, which lives until the answer. One that is left behind
/// by a node that died goes with the other objects that nothing refers to.
/// </summary>
internal sealed class LargeRequests(IObjectStore objects, TimeProvider time)
{
    /// <summary>A message may have 1 MiB, envelope included; the remoting drops a larger one without a word to who sent it.</summary>
    public const int MaxMessageBytes = 768 << 10;

    /// <returns>What to send: the request itself, or where it is.</returns>
    /// <exception cref="MilvusException">1000: it cannot be stored.</exception>
    public async ValueTask<IControlMessage> PackAsync(IControlMessage request, CancellationToken cancellation)
    {
        if (request is not (ExecuteCommand or CommitSegments { Change.Length: > MaxMessageBytes / 2 })) return request;
        var bytes = ControlSerializer.Encode(request);
        if (bytes.Length <= MaxMessageBytes) return request;
        // As the keys of the other objects there: who, when, which.
        var at = Timestamp.FromMs(time.GetUtcNow().ToUnixTimeMilliseconds()).Value;
        var key = string.Create(CultureInfo.InvariantCulture, $"{SnapshotService.Root}requests/{at}/{Guid.NewGuid():N}");
        try
        {
            await objects.PutAsync(key, bytes, cancellation).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new MilvusException(ErrorCode.IoFailed, $"a large request cannot be passed on: {e.Message}: IO failed", e);
        }
        return new StoredRequest(key);
    }

    /// <exception cref="IOException">The object cannot be read.</exception>
    /// <exception cref="ObjectNotFoundException">It is there no more: nobody waits for an answer.</exception>
    public async Task<IControlMessage> UnpackAsync(StoredRequest stored) => ControlSerializer.Decode(await objects.ReadAllBytesAsync(stored.Key).ConfigureAwait(false));

    public async Task ForgetAsync(IControlMessage sent)
    {
        if (sent is not StoredRequest stored) return;
        try
        {
            await objects.DeleteAsync(stored.Key).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // It goes later, with what was left behind.
        }
    }
}

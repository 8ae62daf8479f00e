using System.Globalization;
using System.Security.Cryptography;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.External;
using Milvus.Coordinator.Snapshots;
using Milvus.Model;
using Milvus.Storage.Objects;

namespace Milvus.Proxy;

/// <summary>
/// Copies snapshots to places outside of the server's objects, and makes collections of such copies, of this server or another one. The description of a copy is written last,
/// and a collection is there when all of its objects are, verified: whatever is interrupted has not happened, and may be done again.
/// </summary>
public sealed class SnapshotTransfer(IMilvusProxy proxy, ISnapshotStorage storage, ExternalPlaces places)
{
    /// <summary>The name of a copy's description.</summary>
    public const string DescriptionName = "snapshot.json";

    private const int Parallelism = 4;
    private const int BufferBytes = 1 << 17;
    private const long MaxDescriptionBytes = 256L << 20;

    /// <summary>Copies a snapshot below a place; done when this returns. A copy that is there with all of its objects is left as it is, any other is made anew.</summary>
    /// <param name="target">As <c>scheme://bucket/path</c>, with the endpoint in front of the bucket or not.</param>
    /// <param name="spec">As for external collections; of it only the provider is looked at. May be empty.</param>
    /// <returns>The address of the copy's description.</returns>
    /// <exception cref="MilvusException">2600: no such snapshot, or it was dropped meanwhile. 1100: no such place. 1001: it cannot be written.</exception>
    public async Task<string> ExportAsync(RequestContext context, string collection, string name, string target, string spec, CancellationToken cancellation)
    {
        var snapshot = proxy.Catalog.GetSnapshot(context.Database, collection, name);
        var folder = string.Create(CultureInfo.InvariantCulture, $"{snapshot.Collection.Name}-{snapshot.Name}-{snapshot.Id}");
        var path = Locate(target, spec);
        places.CheckWritable(path);
        path = path.Length == 0 ? folder : $"{path}/{folder}";
        var address = $"{target.TrimEnd('/')}/{folder}/{DescriptionName}";
        if (!ObjectKeys.IsValid($"{path}/{DescriptionName}")) throw MilvusException.InvalidParameter($"{path} is no place in the object storage");
        var content = await storage.GetSnapshotAsync(snapshot.Id, cancellation).ConfigureAwait(false) ?? throw Dropped(name);
        try
        {
            if (await places.Store.GetLengthAsync($"{path}/{DescriptionName}", cancellation).ConfigureAwait(false) is not null)
            {
                if (await IsCompleteAsync($"{path}/{DescriptionName}", address, cancellation).ConfigureAwait(false)) return address;
                // Until all is there again nothing shall say that it is.
                await places.Store.DeleteAsync($"{path}/{DescriptionName}", cancellation).ConfigureAwait(false);
            }
            var keys = content.ObjectKeys.Distinct(StringComparer.Ordinal).ToList();
            var objects = new ArchivedObject[keys.Count];
            await Parallel.ForEachAsync(Enumerable.Range(0, keys.Count), Options(cancellation), async (i, c) =>
            {
                var file = string.Create(CultureInfo.InvariantCulture, $"objects/{i:D6}{Ending(keys[i])}");
                var (length, hash) = await CopyAsync(storage.Objects, keys[i], places.Store, $"{path}/{file}", null, c).ConfigureAwait(false);
                objects[i] = new ArchivedObject(keys[i], file, length, hash);
            }).ConfigureAwait(false);
            // Whose files another collection shows is nobody's business elsewhere, and how to get at them even less.
            var described = snapshot with { Collection = snapshot.Collection with { Schema = snapshot.Collection.Schema.WithExternal("", "") } };
            await places.Store.PutAsync($"{path}/{DescriptionName}", new SnapshotArchive(described, content, [.. objects]).Encode(), cancellation).ConfigureAwait(false);
            return address;
        }
        catch (ObjectNotFoundException e) when (proxy.Catalog.FindSnapshot(snapshot.Id) is null)
        {
            throw Dropped(name, e);
        }
        catch (IOException e)
        {
            throw new MilvusException(ErrorCode.IoFailed, $"the snapshot cannot be copied to {target}: {e.Message}: IO failed", e);
        }
    }

    /// <summary>Makes a new collection of a copy. It is not loaded.</summary>
    /// <param name="address">Of the copy's description, as <see cref="ExportAsync"/> gave it, or as it is called where the copy has been taken.</param>
    /// <returns>The job's id; the collection is there when this returns.</returns>
    /// <exception cref="MilvusException">1100: no such place, or the collection exists. 1001: the copy is not there, not complete, or damaged.</exception>
    public async Task<long> RestoreAsync(RequestContext context, string collection, string address, string spec, CancellationToken cancellation)
    {
        // Before anything is copied; decided again with the commit.
        proxy.Catalog.CheckRestoreTarget(context.Database, collection);
        var path = Locate(address, spec);
        try
        {
            var archive = await ReadAsync(path, address, cancellation).ConfigureAwait(false);
            var now = proxy.Now();
            if (archive.Latest > now)
                throw new MilvusException(ErrorCode.ServiceUnavailable, "the clock of the server that took the snapshot is ahead of this one's, try again later: service unavailable");
            var prefix = string.Create(CultureInfo.InvariantCulture, $"{SnapshotService.Root}external-{archive.Snapshot.Id}/{now.Value}/");
            using var protection = await storage.ProtectAsync(prefix, cancellation).ConfigureAwait(false);
            var folder = path[..(path.LastIndexOf('/') + 1)];
            var moved = new Dictionary<string, string>(StringComparer.Ordinal);
            for (var i = 0; i < archive.Objects.Length; i++)
                moved[archive.Objects[i].Key] = string.Create(CultureInfo.InvariantCulture, $"{prefix}{i:D6}{Ending(archive.Objects[i].Key)}");
            await Parallel.ForEachAsync(archive.Objects, Options(cancellation), async (o, c) =>
            {
                if (!ObjectKeys.IsValid(folder + o.File)) throw new IntegrityException(address, $"'{o.File}' is no file of it");
                await CopyAsync(places.Store, folder + o.File, storage.Objects, moved[o.Key], o, c).ConfigureAwait(false);
            }).ConfigureAwait(false);
            var command = new RestoreArchive(context.Database, collection, Convert.ToBase64String(archive.Moved(moved).Encode()));
            return (await proxy.ExecuteAsync(context, command, cancellation).ConfigureAwait(false)).Id;
        }
        catch (IntegrityException e)
        {
            throw new MilvusException(ErrorCode.IoFailed, $"the exported snapshot cannot be restored: {e.Message}: IO failed", e) { IsInputError = true };
        }
        catch (IOException e)
        {
            throw new MilvusException(ErrorCode.IoFailed, $"the exported snapshot cannot be restored: {e.Message}: IO failed", e);
        }
    }

    private static MilvusException Dropped(string name, Exception? inner = null) =>
        new(ErrorCode.SnapshotNotFound, $"the snapshot was dropped while it was copied: snapshot not found[snapshot={name}]", inner);

    /// <summary>True when a description and all that it names are there, as long as they were written; what the bytes are is looked at when they are restored.</summary>
    private async Task<bool> IsCompleteAsync(string path, string address, CancellationToken cancellation)
    {
        try
        {
            var archive = await ReadAsync(path, address, cancellation).ConfigureAwait(false);
            var folder = path[..(path.LastIndexOf('/') + 1)];
            await Parallel.ForEachAsync(archive.Objects, Options(cancellation), async (o, c) =>
            {
                if (!ObjectKeys.IsValid(folder + o.File) || await places.Store.GetLengthAsync(folder + o.File, c).ConfigureAwait(false) != o.Length) throw new ObjectNotFoundException(o.File);
            }).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is ObjectNotFoundException or IntegrityException)
        {
            return false;
        }
    }

    private static ParallelOptions Options(CancellationToken cancellation) => new() { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellation };

    private string Locate(string address, string spec)
    {
        if (string.IsNullOrWhiteSpace(address)) throw new MilvusException(ErrorCode.MissingParameter, "the address of the snapshot's copy is required: missing parameter") { IsInputError = true };
        return places.Locate(ExternalSource.Parse(address, ExternalSpec.Parse(spec).Access.GetValueOrDefault("cloud_provider", "")));
    }

    private async Task<SnapshotArchive> ReadAsync(string path, string address, CancellationToken cancellation)
    {
        if (path.Length == 0 || await places.Store.GetLengthAsync(path, cancellation).ConfigureAwait(false) is not { } length) throw new ObjectNotFoundException(address);
        if (length > MaxDescriptionBytes) throw new IntegrityException(address, $"{length} bytes are too many for a description");
        return SnapshotArchive.Decode(address, await places.Store.ReadAllBytesAsync(path, cancellation).ConfigureAwait(false));
    }

    /// <param name="expected">What the bytes must be; nothing is stored when they are not.</param>
    private static async Task<(long Length, string Hash)> CopyAsync(IObjectStore from, string key, IObjectStore to, string target, ArchivedObject? expected, CancellationToken cancellation)
    {
        var result = (Length: 0L, Hash: "");
        var source = await from.OpenReadAsync(key, cancellationToken: cancellation).ConfigureAwait(false);
        await using (source.ConfigureAwait(false))
        {
            await to.PutAsync(target, async (stream, c) =>
            {
                using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                var buffer = new byte[BufferBytes];
                var length = 0L;
                while (await source.ReadAsync(buffer, c).ConfigureAwait(false) is > 0 and var count)
                {
                    hash.AppendData(buffer, 0, count);
                    await stream.WriteAsync(buffer.AsMemory(0, count), c).ConfigureAwait(false);
                    length += count;
                }
                result = (length, Convert.ToHexStringLower(hash.GetHashAndReset()));
                if (expected is not null && result != (expected.Length, expected.Hash)) throw new IntegrityException(key, "its bytes are not those that were exported");
            }, cancellation).ConfigureAwait(false);
        }
        return result;
    }

    private static string Ending(string key)
    {
        var name = key[(key.LastIndexOf('/') + 1)..];
        var dot = name.LastIndexOf('.');
        return dot > 0 ? name[dot..] : "";
    }
}

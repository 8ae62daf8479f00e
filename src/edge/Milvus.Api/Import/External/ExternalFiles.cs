using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using Milvus.Coordinator.External;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Storage.Objects;

namespace Milvus.Api.Import.External;

/// <summary>A file that an external collection shows.</summary>
/// <param name="Key">In the store.</param>
/// <param name="Mark">Its name, length and content, and what is read of it: the same mark means the same rows.</param>
internal sealed record ExternalFile(string Key, long Length, string Mark);

/// <summary>Finds the files of external collections.</summary>
internal sealed class ExternalFiles(ExternalPlaces places)
{
    private const int BufferBytes = 1 << 17;

    public IObjectStore Store => places.Store;

    /// <summary>The files directly at a source, in the order of their names, without what lies deeper.</summary>
    /// <param name="mapping">What is read of each file.</param>
    /// <exception cref="MilvusException">1100: there is no such place. 2100: there is no such bucket, or there are no files of the format.</exception>
    public async Task<ImmutableArray<ExternalFile>> FindAsync(ExternalSource source, ExternalSpec spec, string mapping, CancellationToken cancellation)
    {
        var path = places.Locate(source);
        var found = ImmutableArray.CreateBuilder<ExternalFile>();
        if (IsWanted(path, spec.Format) && await Store.GetLengthAsync(path, cancellation) is { } length)
        {
            found.Add(await MarkAsync(path, path[(path.LastIndexOf('/') + 1)..], length, mapping, cancellation));
            return found.ToImmutable();
        }
        var directory = path.Length == 0 ? "" : path + "/";
        await foreach (var file in Store.ListAsync(directory, cancellation))
        {
            var name = file.Key[directory.Length..];
            if (!name.Contains('/', StringComparison.Ordinal) && IsWanted(name, spec.Format)) found.Add(await MarkAsync(file.Key, name, file.Length, mapping, cancellation));
        }
        if (found.Count > 0) return found.ToImmutable();
        if (places.HasManyBuckets && !await HasAnyAsync(source.Bucket + "/", cancellation)) throw ImportFailures.Of($"no such bucket: {source.Bucket}");
        throw ImportFailures.Of($"there are no {spec.Format} files at {source.Bucket}/{source.Path}");
    }

    private static bool IsWanted(string name, string format)
    {
        var file = name[(name.LastIndexOf('/') + 1)..];
        if (file.Length == 0 || file[0] is '_' or '.') return false;
        return (format, Path.GetExtension(file)) switch
        {
            ("parquet", ".parquet") or ("csv", ".csv") => true,
            ("json", ".json") or ("json", ".jsonl") or ("json", ".ndjson") => true,
            _ => false,
        };
    }

    private async Task<bool> HasAnyAsync(string prefix, CancellationToken cancellation)
    {
        await foreach (var _ in Store.ListAsync(prefix, cancellation)) return true;
        return false;
    }

    // By content: times of files say little about copies and not everything about the same second.
    private async Task<ExternalFile> MarkAsync(string key, string name, long length, string mapping, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(System.Text.Encoding.UTF8.GetBytes(mapping));
        var content = await Store.OpenReadAsync(key, cancellationToken: cancellation);
        await using (content)
        {
            var buffer = new byte[BufferBytes];
            while (await content.ReadAsync(buffer, cancellation) is > 0 and var count) hash.AppendData(buffer, 0, count);
        }
        return new ExternalFile(key, length, string.Create(CultureInfo.InvariantCulture, $"{name}|{length}|{Convert.ToHexStringLower(hash.GetHashAndReset())}"));
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Milvus.TestKit.S3.Buckets;

namespace Milvus.TestKit.S3.Protocol;

/// <summary>The part of S3 that object stores here use, over buckets in memory.</summary>
internal sealed class S3Service
{
    private const int SmallestPart = 5 << 20;

    private readonly ConcurrentDictionary<string, S3Bucket> _buckets = new(StringComparer.Ordinal);
    private int _uploadCount;

    /// <summary>Keys on one page of a listing at most.</summary>
    public int PageLimit { get; set; } = 1000;

    public IEnumerable<string> Buckets => _buckets.Keys;

    public int CountUploads(string bucket)
    {
        var found = _buckets[bucket];
        lock (found)
            return found.Uploads.Count;
    }

    public Task AnswerAsync(S3Exchange exchange)
    {
        if (exchange.Key.Length == 0 && exchange.Method == "PUT")
            return _buckets.TryAdd(exchange.Bucket, new S3Bucket())
                ? exchange.EmptyAsync(200)
                : exchange.ErrorAsync(409, "BucketAlreadyOwnedByYou", "you have it already");
        if (!_buckets.TryGetValue(exchange.Bucket, out var bucket))
            return exchange.ErrorAsync(404, "NoSuchBucket", "there is no such bucket");
        return (exchange.Method, exchange.Key.Length) switch
        {
            ("HEAD", 0) => exchange.EmptyAsync(200),
            ("DELETE", 0) => RemoveBucket(exchange),
            ("GET", 0) when exchange.Has("location") => exchange.XmlAsync(S3Exchange.Element("LocationConstraint")),
            ("GET", 0) when exchange.Has("uploads") => exchange.XmlAsync(ListUploads(exchange, bucket)),
            ("GET", 0) => exchange.XmlAsync(List(exchange, bucket)),
            ("PUT", _) when exchange.Has("uploadId") => PutPart(exchange, bucket),
            ("PUT", _) => Put(exchange, bucket),
            ("POST", _) when exchange.Has("uploads") => exchange.XmlAsync(BeginUpload(exchange, bucket)),
            ("POST", _) when exchange.Has("uploadId") => Complete(exchange, bucket),
            ("DELETE", _) when exchange.Has("uploadId") => Abort(exchange, bucket),
            ("DELETE", _) => Delete(exchange, bucket),
            ("GET" or "HEAD", _) => Get(exchange, bucket),
            _ => exchange.ErrorAsync(501, "NotImplemented", "not in this server"),
        };
    }

    private Task RemoveBucket(S3Exchange exchange)
    {
        _buckets.TryRemove(exchange.Bucket, out _);
        return exchange.EmptyAsync(204);
    }

    private XElement List(S3Exchange exchange, S3Bucket bucket)
    {
        var prefix = exchange.Query("prefix");
        var after = exchange.Query("continuation-token") is { Length: > 0 } token ? Encoding.UTF8.GetString(Convert.FromBase64String(token)) : exchange.Query("start-after");
        var limit = Math.Min(PageLimit, int.TryParse(exchange.Query("max-keys"), CultureInfo.InvariantCulture, out var asked) ? asked : 1000);
        List<KeyValuePair<string, S3Object>> found;
        lock (bucket)
            found = [.. bucket.Objects.Where(o => o.Key.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(o.Key, after) > 0).Take(limit + 1)];
        var isLast = found.Count <= limit;
        var page = found.Take(limit).ToList();
        var root = S3Exchange.Element("ListBucketResult", S3Exchange.Element("IsTruncated", isLast ? "false" : "true"), S3Exchange.Element("KeyCount", page.Count));
        foreach (var (key, value) in page)
        {
            var shown = exchange.Query("encoding-type") == "url" ? Uri.EscapeDataString(key) : key;
            root.Add(S3Exchange.Element("Contents", S3Exchange.Element("Key", shown), S3Exchange.Element("Size", value.Content.Length), S3Exchange.Element("ETag", $"\"{value.Tag}\"")));
        }
        if (!isLast)
            root.Add(S3Exchange.Element("NextContinuationToken", Convert.ToBase64String(Encoding.UTF8.GetBytes(page[^1].Key))));
        return root;
    }

    private static Task Put(S3Exchange exchange, S3Bucket bucket)
    {
        var stored = S3Object.Of(exchange.Body, exchange.Metadata());
        lock (bucket)
            bucket.Objects[exchange.Key] = stored;
        return exchange.EmptyAsync(200, stored.Tag);
    }

    private static Task Get(S3Exchange exchange, S3Bucket bucket)
    {
        S3Object? found;
        lock (bucket)
            bucket.Objects.TryGetValue(exchange.Key, out found);
        return found is null ? exchange.ErrorAsync(404, "NoSuchKey", "there is no such object") : exchange.ObjectAsync(found);
    }

    private static Task Delete(S3Exchange exchange, S3Bucket bucket)
    {
        lock (bucket)
            bucket.Objects.Remove(exchange.Key);
        return exchange.EmptyAsync(204);
    }

    private static XElement ListUploads(S3Exchange exchange, S3Bucket bucket)
    {
        var root = S3Exchange.Element("ListMultipartUploadsResult", S3Exchange.Element("Bucket", exchange.Bucket), S3Exchange.Element("IsTruncated", "false"));
        lock (bucket)
            foreach (var (id, upload) in bucket.Uploads.Where(u => u.Value.Key.StartsWith(exchange.Query("prefix"), StringComparison.Ordinal)))
                root.Add(S3Exchange.Element("Upload", S3Exchange.Element("Key", upload.Key), S3Exchange.Element("UploadId", id), S3Exchange.Element("Initiated", "2000-01-01T00:00:00.000Z")));
        return root;
    }

    private XElement BeginUpload(S3Exchange exchange, S3Bucket bucket)
    {
        var id = $"upload-{Interlocked.Increment(ref _uploadCount)}";
        lock (bucket)
            bucket.Uploads[id] = new S3Upload(exchange.Key, exchange.Metadata());
        return S3Exchange.Element("InitiateMultipartUploadResult", S3Exchange.Element("Bucket", exchange.Bucket), S3Exchange.Element("Key", exchange.Key), S3Exchange.Element("UploadId", id));
    }

    private static Task PutPart(S3Exchange exchange, S3Bucket bucket)
    {
        lock (bucket)
        {
            if (!bucket.Uploads.TryGetValue(exchange.Query("uploadId"), out var upload))
                return exchange.ErrorAsync(404, "NoSuchUpload", "there is no such upload");
            upload.Parts[int.Parse(exchange.Query("partNumber"), CultureInfo.InvariantCulture)] = exchange.Body;
        }
        return exchange.EmptyAsync(200, Convert.ToHexStringLower(MD5.HashData(exchange.Body)));
    }

    private static Task Complete(S3Exchange exchange, S3Bucket bucket)
    {
        var named = XDocument.Parse(Encoding.UTF8.GetString(exchange.Body).TrimStart('\uFEFF')).Root!.Elements()
            .Select(p => (Number: int.Parse(Child(p, "PartNumber"), CultureInfo.InvariantCulture), Tag: Child(p, "ETag").Trim('"'))).ToList();
        lock (bucket)
        {
            if (!bucket.Uploads.TryGetValue(exchange.Query("uploadId"), out var upload))
                return exchange.ErrorAsync(404, "NoSuchUpload", "there is no such upload");
            var parts = named.Select(n => upload.Parts.GetValueOrDefault(n.Number)).ToList();
            if (parts.Count == 0 || parts.Zip(named).Any(p => p.First is null || Convert.ToHexStringLower(MD5.HashData(p.First)) != p.Second.Tag))
                return exchange.ErrorAsync(400, "InvalidPart", "a part is missing or another one");
            if (!named.Select(n => n.Number).SequenceEqual(named.Select(n => n.Number).Order()))
                return exchange.ErrorAsync(400, "InvalidPartOrder", "parts are not in order");
            if (parts.SkipLast(1).Any(p => p!.Length < SmallestPart))
                return exchange.ErrorAsync(400, "EntityTooSmall", "only the last part may be small");
            bucket.Objects[upload.Key] = S3Object.OfParts(parts!, upload.Metadata);
            bucket.Uploads.Remove(exchange.Query("uploadId"));
            return exchange.XmlAsync(S3Exchange.Element("CompleteMultipartUploadResult", S3Exchange.Element("Key", upload.Key), S3Exchange.Element("ETag", $"\"{bucket.Objects[upload.Key].Tag}\"")));
        }
    }

    private static Task Abort(S3Exchange exchange, S3Bucket bucket)
    {
        bool removed;
        lock (bucket)
            removed = bucket.Uploads.Remove(exchange.Query("uploadId"));
        return removed ? exchange.EmptyAsync(204) : exchange.ErrorAsync(404, "NoSuchUpload", "there is no such upload");
    }

    private static string Child(XElement element, string name) => element.Elements().First(e => e.Name.LocalName == name).Value;
}

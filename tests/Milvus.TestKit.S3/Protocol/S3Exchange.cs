using System.Globalization;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;
using Milvus.TestKit.S3.Buckets;
using Milvus.TestKit.S3.Faults;

namespace Milvus.TestKit.S3.Protocol;

/// <summary>One request being answered: its parts, and the forms of an answer.</summary>
internal sealed class S3Exchange(HttpContext context, byte[] body, S3Fault? fault)
{
    private const int PieceBytes = 32 << 10;

    private static readonly XNamespace s_namespace = "http://s3.amazonaws.com/doc/2006-03-01/";

    public string Method => context.Request.Method;

    public byte[] Body => body;

    public string Bucket { get; } = context.Request.Path.Value!.TrimStart('/').Split('/', 2)[0];

    public string Key { get; } = context.Request.Path.Value!.TrimStart('/').Split('/', 2) is [_, var key] ? key : "";

    public bool Has(string parameter) => context.Request.Query.ContainsKey(parameter);

    public string Query(string parameter) => context.Request.Query[parameter].ToString();

    public string Header(string name) => context.Request.Headers[name].ToString();

    public IReadOnlyDictionary<string, string> Metadata() =>
        context.Request.Headers.Where(h => h.Key.StartsWith("x-amz-meta-", StringComparison.OrdinalIgnoreCase))
            .ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString(), StringComparer.Ordinal);

    public static XElement Element(string name, params object[] content) => new(s_namespace + name, content);

    public Task EmptyAsync(int status, string? tag = null)
    {
        context.Response.StatusCode = status;
        if (tag is not null)
            context.Response.Headers.ETag = $"\"{tag}\"";
        return Task.CompletedTask;
    }

    /// <summary>The namespace of answers, when it is not that of S3.</summary>
    public string? OtherNamespace { get; init; }

    public async Task XmlAsync(XElement root)
    {
        if (OtherNamespace is { } other)
            foreach (var element in root.DescendantsAndSelf())
                element.Name = XName.Get(element.Name.LocalName, other);
        context.Response.ContentType = "application/xml";
        await context.Response.WriteAsync("<?xml version=\"1.0\" encoding=\"UTF-8\"?>" + root.ToString(SaveOptions.DisableFormatting));
    }

    public async Task ErrorAsync(int status, string code, string message)
    {
        context.Response.StatusCode = status;
        if (Method == "HEAD") return;
        context.Response.ContentType = "application/xml";
        await context.Response.WriteAsync(new XElement("Error", new XElement("Code", code), new XElement("Message", message),
            new XElement("BucketName", Bucket), new XElement("Key", Key), new XElement("Resource", context.Request.Path.Value)).ToString());
    }

    /// <summary>The object, or the range asked for, piece by piece.</summary>
    public async Task ObjectAsync(S3Object found)
    {
        if (Header("If-Match") is { Length: > 0 } wanted && wanted != $"\"{found.Tag}\"")
        {
            await ErrorAsync(412, "PreconditionFailed", "the object is another one now");
            return;
        }
        var (start, end, length) = (0L, (long)found.Content.Length, (long)found.Content.Length);
        if (Header("Range") is { Length: > 0 } range)
        {
            var bounds = range["bytes=".Length..].Split('-');
            start = long.Parse(bounds[0], CultureInfo.InvariantCulture);
            if (bounds[1].Length != 0)
                end = Math.Min(end, long.Parse(bounds[1], CultureInfo.InvariantCulture) + 1);
            if (start >= length)
            {
                context.Response.Headers.ContentRange = $"bytes */{length}";
                await ErrorAsync(416, "InvalidRange", "the range begins behind the end");
                return;
            }
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = $"bytes {start}-{end - 1}/{length}";
        }
        context.Response.Headers.ETag = $"\"{found.Tag}\"";
        context.Response.Headers.LastModified = DateTimeOffset.UnixEpoch.ToString("R", CultureInfo.InvariantCulture);
        foreach (var (name, value) in found.Metadata)
            context.Response.Headers[name] = value;
        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = end - start;
        if (Method == "HEAD") return;
        var cut = fault is S3Fault.CutBody c ? Math.Min(end, start + c.Bytes) : end;
        for (var at = start; at < cut; at += PieceBytes)
            await context.Response.Body.WriteAsync(found.Content.AsMemory((int)at, (int)Math.Min(PieceBytes, cut - at)), context.RequestAborted);
        if (cut == end) return;
        await context.Response.Body.FlushAsync();
        if (fault is S3Fault.CutBody { Silent: true })
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        context.Abort();
    }
}

using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Milvus.TestKit.S3.Protocol;

/// <summary>AWS Signature Version 4 as a server checks it, in the Authorization header or in the query of a presigned address.</summary>
internal static class Signature
{
    private const string Algorithm = "AWS4-HMAC-SHA256";

    /// <summary>Null when the signature is right; the error code otherwise.</summary>
    public static string? Check(HttpRequest request, byte[] body, string accessKey, string secretKey)
    {
        var target = request.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var question = target.IndexOf('?', StringComparison.Ordinal);
        var path = question < 0 ? target : target[..question];
        var query = question < 0 ? [] : target[(question + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries);
        string credential, signedHeaders, signature, date, payload;
        if (request.Query.ContainsKey("X-Amz-Signature"))
        {
            credential = request.Query["X-Amz-Credential"].ToString();
            signedHeaders = request.Query["X-Amz-SignedHeaders"].ToString();
            signature = request.Query["X-Amz-Signature"].ToString();
            date = request.Query["X-Amz-Date"].ToString();
            payload = "UNSIGNED-PAYLOAD";
            query = [.. query.Where(q => !q.StartsWith("X-Amz-Signature=", StringComparison.Ordinal))];
        }
        else
        {
            var header = request.Headers.Authorization.ToString();
            if (!header.StartsWith(Algorithm + " ", StringComparison.Ordinal))
                return "AccessDenied";
            var parts = header[(Algorithm.Length + 1)..].Split(',', StringSplitOptions.TrimEntries).Select(p => p.Split('=', 2)).ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal);
            credential = parts["Credential"];
            signedHeaders = parts["SignedHeaders"];
            signature = parts["Signature"];
            date = request.Headers["x-amz-date"].ToString();
            payload = request.Headers["x-amz-content-sha256"].ToString();
            if (payload != "UNSIGNED-PAYLOAD" && payload != Hex(SHA256.HashData(body)))
                return "XAmzContentSHA256Mismatch";
        }
        var scope = credential.Split('/', 2);
        if (scope[0] != accessKey)
            return "InvalidAccessKeyId";
        var canonicalQuery = string.Join('&', query.Select(q => q.Contains('=', StringComparison.Ordinal) ? q : q + "=").Order(StringComparer.Ordinal));
        var canonicalHeaders = string.Concat(signedHeaders.Split(';').Select(h => $"{h}:{request.Headers[h].ToString().Trim()}\n"));
        var canonical = $"{request.Method}\n{path}\n{canonicalQuery}\n{canonicalHeaders}\n{signedHeaders}\n{payload}";
        var toSign = $"{Algorithm}\n{date}\n{scope[1]}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        var key = scope[1].Split('/').Aggregate(Encoding.UTF8.GetBytes("AWS4" + secretKey), Sign);
        return Hex(Sign(key, toSign)) == signature ? null : "SignatureDoesNotMatch";
    }

    private static byte[] Sign(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}

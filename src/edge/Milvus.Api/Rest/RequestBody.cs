using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Milvus.Model;

namespace Milvus.Api.Rest;

/// <summary>Reads the JSON object that every request carries.</summary>
internal static class RequestBody
{
    private const int MaxDepth = 128;

    /// <param name="longest">Bytes.</param>
    /// <exception cref="RestFailure">1801: no body, not JSON, or no object.</exception>
    /// <exception cref="MilvusException">1102: too long.</exception>
    public static async Task<JsonDocument> ReadAsync(HttpContext http, long longest, CancellationToken cancellation)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = longest;
        JsonDocument document;
        try
        {
            if (await IsEmptyAsync(http, cancellation))
                throw new RestFailure(RestCodes.BadJson, "can only accept json format request, the request body should be nil, however {} is valid");
            document = await JsonDocument.ParseAsync(http.Request.Body, new JsonDocumentOptions { MaxDepth = MaxDepth }, cancellation);
        }
        catch (JsonException e)
        {
            throw RestFailure.BadJson(e.Message);
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw new MilvusException(ErrorCode.ParameterTooLarge, $"the request body should not be longer than {longest} bytes: parameter too large");
        }
        catch (BadHttpRequestException e)
        {
            throw RestFailure.BadJson(e.Message);
        }
        // Clients send null for a request without parameters.
        if (document.RootElement.ValueKind == JsonValueKind.Null)
        {
            document.Dispose();
            document = JsonDocument.Parse("{}");
        }
        try
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw RestFailure.BadJson($"json: cannot unmarshal {document.RootElement.ValueKind.ToString().ToLowerInvariant()} into the request");
            CheckText(document.RootElement);
            return document;
        }
        catch
        {
            document.Dispose();
            throw;
        }
    }

    /// <summary>A query string as an object of text.</summary>
    public static JsonDocument OfQuery(IQueryCollection query) => JsonSerializer.SerializeToDocument(query.ToDictionary(q => q.Key, q => q.Value.ToString()));

    private static async ValueTask<bool> IsEmptyAsync(HttpContext http, CancellationToken cancellation)
    {
        if (http.Request.ContentLength == 0) return true;
        var read = await http.Request.BodyReader.ReadAsync(cancellation);
        var isEmpty = read.IsCompleted && read.Buffer.IsEmpty;
        http.Request.BodyReader.AdvanceTo(read.Buffer.Start);
        return isEmpty;
    }

    // The parser checks neither the bytes of strings nor their escapes, which may be half a character. Those are rare enough to look for
    // before looking closer.
    private static void CheckText(JsonElement root)
    {
        var raw = JsonMarshal.GetRawUtf8Value(root);
        if (!Utf8.IsValid(raw)) throw RestFailure.BadJson("json: the text is no valid UTF-8");
        if (raw.IndexOf("\\ud"u8) < 0 && raw.IndexOf("\\uD"u8) < 0) return;
        try
        {
            Decode(root);
        }
        catch (InvalidOperationException)
        {
            throw RestFailure.BadJson("json: a string holds half of a surrogate pair");
        }
    }

    private static void Decode(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                value.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray()) Decode(item);
                break;
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    _ = member.Name;
                    Decode(member.Value);
                }
                break;
        }
    }
}

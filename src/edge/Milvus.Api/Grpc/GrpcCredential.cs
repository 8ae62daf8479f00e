using System.Text;

namespace Milvus.Api.Grpc;

/// <summary>
/// What the <c>authorization</c> metadata holds: base64 of <c>user:password</c>, or of an API key when there is no colon.
/// No <c>Bearer</c> prefix on gRPC.
/// </summary>
public readonly record struct GrpcCredential(string User, string Password, string? ApiKey)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="GrpcException">UNAUTHENTICATED: the header is missing or not base64 of a text.</exception>
    public static GrpcCredential Read(GrpcCallContext call)
    {
        var header = call.Metadata("authorization");
        if (header.Length == 0) throw new GrpcException(GrpcStatusCode.Unauthenticated, "missing authorization in header");

        string text;
        try
        {
            text = StrictUtf8.GetString(Convert.FromBase64String(header));
        }
        catch (Exception e) when (e is FormatException or DecoderFallbackException)
        {
            throw new GrpcException(GrpcStatusCode.Unauthenticated, "invalid token format", e);
        }

        var colon = text.IndexOf(':');
        return colon < 0 ? new GrpcCredential("", "", text) : new GrpcCredential(text[..colon], text[(colon + 1)..], null);
    }
}

using System.Buffers;
using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Milvus.Api.Server;

/// <summary>
/// Lets HTTP/1.1 and HTTP/2 share a cleartext port. Kestrel picks the protocol of a connection from its TLS negotiation and takes
/// cleartext for HTTP/1.1; a client with prior knowledge announces HTTP/2 by sending the connection preface (RFC 9113, 3.4)
/// first. This middleware looks at the first bytes without consuming them and, on a preface, presents the connection to Kestrel as
/// if "h2" had been negotiated.
/// </summary>
internal static class Http2PrefaceDetector
{
    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    public static ConnectionDelegate Wrap(ConnectionDelegate next, TimeSpan firstByteTimeout, TimeProvider time) => async connection =>
    {
        bool isHttp2;
        using (var silence = new CancellationTokenSource(firstByteTimeout, time))
        using (connection.ConnectionClosed.Register(static s => ((CancellationTokenSource)s!).Cancel(), silence))
        {
            try
            {
                isHttp2 = await StartsWithPrefaceAsync(connection.Transport.Input, silence.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // Nobody speaks here, or the peer left: nothing to serve.
                connection.Abort();
                return;
            }
        }

        if (isHttp2)
        {
            var negotiated = new NegotiatedHttp2();
            connection.Features.Set<ITlsConnectionFeature>(negotiated);
            connection.Features.Set<ITlsApplicationProtocolFeature>(negotiated);
        }
        await next(connection);
    };

    /// <summary>Reads until the bytes differ from the preface or cover it; leaves all of them unread.</summary>
    internal static async ValueTask<bool> StartsWithPrefaceAsync(PipeReader input, CancellationToken cancellation)
    {
        while (true)
        {
            var read = await input.ReadAsync(cancellation);
            var buffer = read.Buffer;
            var matching = MatchingBytes(buffer);
            var decided = matching == Preface.Length || matching < buffer.Length || read.IsCompleted;
            if (decided)
            {
                // Examined stays at the start, so that the next reader gets these bytes at once.
                input.AdvanceTo(buffer.Start);
                return matching == Preface.Length;
            }
            input.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private static int MatchingBytes(ReadOnlySequence<byte> buffer)
    {
        var matching = 0;
        foreach (var segment in buffer)
        {
            var expected = Preface[matching..];
            var length = Math.Min(expected.Length, segment.Length);
            var common = segment.Span[..length].CommonPrefixLength(expected);
            matching += common;
            if (common < length || matching == Preface.Length) break;
        }
        return matching;
    }

    private sealed class NegotiatedHttp2 : ITlsApplicationProtocolFeature, ITlsConnectionFeature
    {
        public ReadOnlyMemory<byte> ApplicationProtocol => SslApplicationProtocol.Http2.Protocol;

        public X509Certificate2? ClientCertificate { get; set; }

        public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) =>
            Task.FromResult<X509Certificate2?>(null);
    }
}

using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Milvus.TestKit.S3.Faults;
using Milvus.TestKit.S3.Protocol;

namespace Milvus.TestKit.S3;

/// <summary>
/// A small S3 server in memory, on a free port of the loopback interface: path-style addresses, signatures checked, uploads in parts, ranges,
/// listings in pages. It can be told to fail (<see cref="Faults"/>), to refuse connections and to come back.
/// </summary>
public sealed class S3Server : IAsyncDisposable
{
    private readonly S3Service _service = new();
    private WebApplication? _host;

    private S3Server(string accessKey, string secretKey)
    {
        AccessKey = accessKey;
        SecretKey = secretKey;
    }

    public string AccessKey { get; }

    public string SecretKey { get; }

    public int Port { get; private set; }

    public string Url => $"http://127.0.0.1:{Port}";

    public FaultPlan Faults { get; } = new();

    /// <summary>Keys on one page of a listing at most.</summary>
    public int PageLimit
    {
        get => _service.PageLimit;
        set => _service.PageLimit = value;
    }

    /// <summary>The namespace of answers when it is not that of S3; some servers leave it out or use an older one.</summary>
    public string? OtherNamespace { get; set; }

    public IEnumerable<string> Buckets => _service.Buckets;

    public static async Task<S3Server> StartAsync(string accessKey = "test-access", string secretKey = "test-secret/with+signs")
    {
        var server = new S3Server(accessKey, secretKey);
        await server.ResumeAsync();
        return server;
    }

    /// <summary>Uploads in parts that nobody has completed or aborted.</summary>
    public int CountUploads(string bucket) => _service.CountUploads(bucket);

    /// <summary>Refuses connections from now on; the objects stay.</summary>
    public async Task PauseAsync()
    {
        await _host!.StopAsync(new CancellationToken(canceled: true));
        await _host.DisposeAsync();
        _host = null;
    }

    /// <summary>Accepts connections, on the port it had before.</summary>
    public async Task ResumeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, Port);
        });
        _host = builder.Build();
        _host.Run(AnswerAsync);
        await _host.StartAsync();
        Port = new Uri(_host.Urls.First()).Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await PauseAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var fault = Faults.Take(string.Create(CultureInfo.InvariantCulture, $"{context.Request.Method} {context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget}"));
        if (fault is S3Fault.Hang)
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }
        if (fault is S3Fault.Reset)
        {
            context.Abort();
            return;
        }
        using var memory = new MemoryStream();
        await context.Request.Body.CopyToAsync(memory, context.RequestAborted);
        var body = memory.ToArray();
        var exchange = new S3Exchange(context, body, fault) { OtherNamespace = OtherNamespace };
        if (Signature.Check(context.Request, body, AccessKey, SecretKey) is { } wrong)
            await exchange.ErrorAsync(403, wrong, "the request is not signed by anyone known here");
        else if (fault is S3Fault.Status(var status, var code))
            await exchange.ErrorAsync(status, code, "told to");
        else if (fault is S3Fault.ErrorInSuccess)
            await exchange.ErrorAsync(200, "InternalError", "told to");
        else if (fault is S3Fault.LostAnswer)
        {
            // The answer goes nowhere: it is written aside, then the connection is cut.
            context.Response.Body = Stream.Null;
            await _service.AnswerAsync(exchange);
            context.Abort();
        }
        else
            await _service.AnswerAsync(exchange);
    }
}

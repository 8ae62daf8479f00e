using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Milvus.Storage.Postgres.Tests;

/// <summary>A network between a store and its server that can keep what is sent and deliver it when the sender has long given up.</summary>
internal sealed class StallingRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _gate = new();
    private readonly List<Link> _links = [];
    private readonly TaskCompletionSource _stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _accepting;

    private StallingRelay(string host, int port)
    {
        _listener.Start();
        _accepting = AcceptAsync(host, port);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public static StallingRelay To(NpgsqlConnectionStringBuilder server) => new(server.Host!, server.Port);

    /// <summary>From now on nothing that a client sends over its present connections arrives; new connections are not concerned.</summary>
    public void Stall()
    {
        lock (_gate)
            foreach (var link in _links)
                link.Hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Completes when something was sent and kept.</summary>
    public Task StalledAsync() => _stalled.Task;

    /// <summary>Cuts the clients off; the server does not notice.</summary>
    public void BreakClients()
    {
        lock (_gate)
            foreach (var link in _links)
                link.Client.Close();
    }

    /// <summary>Delivers what was kept and waits until the server has dealt with it.</summary>
    public async Task DeliverAsync()
    {
        List<Link> held;
        lock (_gate)
            held = [.. _links.Where(l => l.Hold is not null)];
        foreach (var link in held)
            link.Hold!.SetResult();
        foreach (var link in held)
            await link.Done;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _accepting;
        lock (_gate)
        {
            foreach (var link in _links)
            {
                link.Client.Close();
                link.Server.Close();
            }
        }
        _end.Dispose();
    }

    private async Task AcceptAsync(string host, int port)
    {
        while (!_end.IsCancellationRequested)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync(_end.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                return;
            }
            var server = new TcpClient();
            await server.ConnectAsync(host, port, _end.Token);
            var link = new Link(client, server);
            link.Done = Task.WhenAll(ToServerAsync(link), ToClientAsync(link));
            lock (_gate)
                _links.Add(link);
        }
    }

    private async Task ToServerAsync(Link link)
    {
        var buffer = new byte[64 << 10];
        try
        {
            while (true)
            {
                var count = await link.Client.GetStream().ReadAsync(buffer);
                if (link.Hold is { } hold)
                {
                    _stalled.TrySetResult();
                    await hold.Task;
                }
                if (count == 0) break;
                await link.Server.GetStream().WriteAsync(buffer.AsMemory(0, count));
                if (link.Hold is not null) break;
            }
            link.Server.Client.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or SocketException)
        {
            // The connection is over.
        }
    }

    private static async Task ToClientAsync(Link link)
    {
        var buffer = new byte[64 << 10];
        try
        {
            int count;
            while ((count = await link.Server.GetStream().ReadAsync(buffer)) != 0)
            {
                if (link.Hold is null) // The client of a held connection is gone; the server's answer is read to its end.
                    await link.Client.GetStream().WriteAsync(buffer.AsMemory(0, count));
            }
            link.Client.Close();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or SocketException)
        {
            // The connection is over.
        }
    }

    private sealed class Link(TcpClient client, TcpClient server)
    {
        public TcpClient Client { get; } = client;

        public TcpClient Server { get; } = server;

        public volatile TaskCompletionSource? Hold;

        public Task Done { get; set; } = Task.CompletedTask;
    }
}

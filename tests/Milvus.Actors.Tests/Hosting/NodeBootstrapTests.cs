using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Hosting;
using Akka.Hosting;
using Akka.Remote.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Milvus.Actors.Hosting;
using Milvus.Actors.Node;
using Milvus.Actors.Tests.Rig;

namespace Milvus.Actors.Tests.Hosting;

/// <summary>Which nodes form a cluster by their contact points, and which wait.</summary>
public sealed class NodeBootstrapTests : IAsyncLifetime
{
    private const int Nodes = 3;

    // As shipped, but faster.
    private const string Intervals = """
        akka.management.cluster.bootstrap {
          contact-point-discovery { stable-margin = 200ms, interval = 100ms }
          contact-point { probe-interval = 100ms, probing-failure-timeout = 1s }
        }
        akka.cluster { gossip-interval = 100ms, leader-actions-interval = 100ms, periodic-tasks-initial-delay = 100ms }
        akka.coordinated-shutdown { exit-clr = off, run-by-clr-shutdown-hook = off }
        """;

    private readonly int[] _ports = FreePorts();
    private readonly List<IHost> _hosts = [];
    private readonly ConcurrentQueue<string> _log = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.StopAsync();
            host.Dispose();
        }
    }

    [Fact]
    public async Task A_cluster_is_formed_by_all_contact_points_only_and_joined_by_way_of_any()
    {
        var first = await StartAsync(0);
        var second = await StartAsync(1);
        await Eventually.TrueAsync(() => _log.Count(l => l.Contains("less than the required", StringComparison.Ordinal)) >= 6, "a few decisions to wait");
        Assert.Empty(Cluster.Get(first).State.Members);
        Assert.Empty(Cluster.Get(second).State.Members);

        var third = await StartAsync(2);
        await Eventually.TrueAsync(() => new[] { first, second, third }.All(s => IsUp(s, Nodes)), "one cluster of three");

        // The one that formed the cluster comes back while another is away: it joins what is there.
        await StopAsync(0);
        await StopAsync(1);
        var again = await StartAsync(0);
        await Eventually.TrueAsync(() => IsUp(again, 2) && IsUp(third, 2), "the same cluster");
        Assert.Contains(Cluster.Get(again).State.Members, m => m.Address == Cluster.Get(third).SelfAddress);
    }

    private static bool IsUp(ActorSystem system, int members)
    {
        var state = Cluster.Get(system).State;
        return state.Members.Count == members && state.Members.All(m => m.Status == MemberStatus.Up);
    }

    private async Task<ActorSystem> StartAsync(int node)
    {
        var settings = new NodeSettings { Host = "127.0.0.1", AkkaManagementPort = _ports[node], ContactPoints = [.. _ports.Select(p => $"127.0.0.1:{p}")] };
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton<ILoggerFactory>(_ => LoggerFactory.Create(l => l.AddProvider(new Recorder(_log))));
        builder.Services.AddAkka(ClusterNames.System, (akka, services) =>
        {
            akka.ConfigureLoggers(l =>
            {
                l.ClearLoggers();
                l.AddLoggerFactory();
            });
            akka.WithRemoting(new RemoteOptions { HostName = "127.0.0.1", Port = 0 });
            akka.WithClustering(new ClusterOptions { Roles = NodeRoles.All, SeedNodes = [] });
            NodeBootstrap.Configure(akka, settings);
            akka.AddHocon(Intervals, HoconAddMode.Prepend);
        });
        var host = builder.Build();
        await host.StartAsync();
        _hosts.Add(host);
        return host.Services.GetRequiredService<ActorSystem>();
    }

    private async Task StopAsync(int node)
    {
        var host = _hosts.Single(h => h.Services.GetRequiredService<ActorSystem>() is var s && _ports[node] == s.Settings.Config.GetInt("akka.management.http.port"));
        _hosts.Remove(host);
        var system = host.Services.GetRequiredService<ActorSystem>();
        await CoordinatedShutdown.Get(system).Run(CoordinatedShutdown.ClrExitReason.Instance);
        await host.StopAsync();
        host.Dispose();
    }

    private static int[] FreePorts()
    {
        var listeners = Enumerable.Range(0, Nodes).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(l => l.Start());
        var ports = listeners.ConvertAll(l => ((IPEndPoint)l.LocalEndpoint).Port);
        listeners.ForEach(l => l.Stop());
        return [.. ports];
    }

    private sealed class Recorder(ConcurrentQueue<string> log) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => log.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}

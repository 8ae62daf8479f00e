using System.Buffers;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Milvus.Api.Server;

/// <summary>
/// Kestrel's socket transport with <see cref="BlockPool"/> as its memory. Which memory it takes can be said through a container of services only, and who
/// fills that is a web host's builder: this is the least of one.
/// </summary>
internal static class SocketTransport
{
    public static IConnectionListenerFactory Create(ILoggerFactory logging)
    {
        var services = new ServiceCollection();
        services.AddSingleton(logging);
        services.AddSingleton<IMemoryPoolFactory<byte>>(BlockPool.Instance);
        new Collector(services).UseSockets(o =>
        {
            // Requests run on pool threads anyway: what only moves bytes need not change threads, and a buffer per idle connection is cheaper than a call per read.
            o.UnsafePreferInlineScheduling = true;
            o.WaitForDataBeforeAllocatingBuffer = false;
        });
        return services.BuildServiceProvider().GetRequiredService<IConnectionListenerFactory>();
    }

    private sealed class Collector(IServiceCollection services) : IWebHostBuilder
    {
        public IWebHostBuilder ConfigureServices(Action<IServiceCollection> configureServices)
        {
            configureServices(services);
            return this;
        }

        public IWebHostBuilder ConfigureServices(Action<WebHostBuilderContext, IServiceCollection> configureServices)
        {
            configureServices(new WebHostBuilderContext(), services);
            return this;
        }

#pragma warning disable ASPDEPR008 // The interface names what nobody should use; nobody does.
        public IWebHost Build() => throw new NotSupportedException();
#pragma warning restore ASPDEPR008

        public IWebHostBuilder ConfigureAppConfiguration(Action<WebHostBuilderContext, IConfigurationBuilder> configureDelegate) => this;

        public string? GetSetting(string key) => null;

        public IWebHostBuilder UseSetting(string key, string? value) => this;
    }
}

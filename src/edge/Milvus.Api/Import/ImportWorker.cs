using Microsoft.Extensions.Logging;
using Milvus.Proxy;

namespace Milvus.Api.Import;

/// <summary>Carries out the import jobs of a catalogue in this process, one after another; those that an earlier process left unfinished first.</summary>
public sealed partial class ImportWorker : IAsyncDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_retryPause = TimeSpan.FromSeconds(5);

    private readonly IMilvusProxy _proxy;
    private readonly ImportWork _work;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _worker;

    public ImportWorker(IMilvusProxy proxy, ImportWork work, TimeProvider time, ILogger logger)
    {
        _proxy = proxy;
        _work = work;
        _time = time;
        _logger = logger;
        _worker = Task.Run(WorkAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _worker;
        _stopping.Dispose();
    }

    private async Task WorkAsync()
    {
        try
        {
            while (true)
            {
                var next = _proxy.Catalog.Imports.Where(j => j.IsRunnable).MinBy(j => j.Id);
                if (next is null) await Task.Delay(s_interval, _time, _stopping.Token);
                else if (!await TryAsync(next.Id)) await Task.Delay(s_retryPause, _time, _stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The process stops; the jobs are in the catalogue.
        }
    }

    private async Task<bool> TryAsync(long job)
    {
        try
        {
            await _work.RunAsync(job, _stopping.Token);
            return true;
        }
        catch (Exception e) when (!(e is OperationCanceledException && _stopping.IsCancellationRequested))
        {
            LogRetry(e, job);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Import {Job} is tried again in a while")]
    private partial void LogRetry(Exception problem, long job);
}

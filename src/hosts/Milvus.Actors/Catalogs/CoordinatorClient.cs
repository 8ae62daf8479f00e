using Akka.Actor;
using Milvus.Actors.Messages;
using Milvus.Coordinator;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Replication;
using Milvus.Coordinator.Segments;
using Milvus.Model;
using Milvus.Storage.Objects;

namespace Milvus.Actors.Catalogs;

/// <summary>Asks the coordinator through the singleton proxy, which keeps messages while the coordinator moves.</summary>
/// <param name="coordinator">The singleton proxy.</param>
/// <param name="replica">This node's copy of the catalogue.</param>
/// <param name="objects">Takes requests that are too large for a message.</param>
/// <param name="patience">How long a call waits altogether; 30 s by default, longer than an unattended change of coordinators takes.</param>
public sealed class CoordinatorClient(IActorRef coordinator, CatalogReplica replica, IObjectStore objects, TimeProvider time, TimeSpan? patience = null) : ICoordinatorClient
{
    private static readonly TimeSpan s_attempt = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_ping = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(2);

    private readonly LargeRequests _large = new(objects, time);
    private readonly TimeSpan _patience = patience ?? TimeSpan.FromSeconds(30);

    public async Task<CommandResult> ExecuteAsync(CoordinatorCommand command, CancellationToken cancellation)
    {
        var executed = await CallAsync<CommandExecuted>(new ExecuteCommand(command), isRepeatable: false, cancellation).ConfigureAwait(false);
        try
        {
            await replica.EnsureAsync(executed.Version, cancellation).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new MilvusException(ErrorCode.IoFailed, $"cannot read metadata: {e.Message}: IO failed", e);
        }
        return new CommandResult(executed.Changed, executed.Id, new Timestamp(executed.At), replica.Catalog);
    }

    public async Task<long> AllocateIdsAsync(int count, CancellationToken cancellation) =>
        (await CallAsync<IdsAllocated>(new AllocateIds(count), isRepeatable: true, cancellation).ConfigureAwait(false)).First;

    public Task CommitSegmentsAsync(SegmentChange change, CancellationToken cancellation) =>
        CallAsync<ControlDone>(new CommitSegments(change.CollectionId, SegmentChangeCodec.Encode(change)), isRepeatable: true, cancellation);

    public async Task<bool> AttachIndexAsync(long collectionId, long segmentId, SegmentIndexFile file, CancellationToken cancellation)
    {
        try
        {
            await CallAsync<ControlDone>(
                new AttachIndex(collectionId, segmentId, file.FieldId, file.IndexId, file.Kind, file.ObjectKey, file.Bytes), isRepeatable: true, cancellation).ConfigureAwait(false);
            return true;
        }
        catch (MilvusException e) when (e.Code is ErrorCode.CollectionNotFound or ErrorCode.SegmentNotFound or ErrorCode.IndexNotFound)
        {
            return false;
        }
    }

    public Task<T> AskAsync<T>(IControlMessage message, CancellationToken cancellation)
        where T : IControlMessage => CallAsync<T>(message, isRepeatable: message is not StartCompaction, cancellation);

    private async Task FindAsync(long started, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                await coordinator.Ask<CoordinatorAlive>(new PingCoordinator(), s_ping, cancellation).ConfigureAwait(false);
                return;
            }
            catch (AskTimeoutException e)
            {
                if (time.GetElapsedTime(started) + s_ping >= _patience)
                    throw new MilvusException(ErrorCode.ServiceUnavailable, "the coordinator does not answer; nothing was done: service unavailable", e);
            }
        }
    }

    /// <exception cref="MilvusException">What the coordinator answered. 2: certainly not done. 10001: no answer, so the outcome is unknown.</exception>
    private async Task<T> CallAsync<T>(IControlMessage message, bool isRepeatable, CancellationToken cancellation)
    {
        var packed = await _large.PackAsync(message, cancellation).ConfigureAwait(false);
        try
        {
            return await SendAsync<T>(packed, isRepeatable, cancellation).ConfigureAwait(false);
        }
        finally
        {
            await _large.ForgetAsync(packed).ConfigureAwait(false);
        }
    }

    private async Task<T> SendAsync<T>(IControlMessage message, bool isRepeatable, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var pause = s_firstPause;
        // What is sent to a coordinator that has just died is lost without a word. What must not be sent twice goes only to one that is known to be there.
        if (!isRepeatable) await FindAsync(started, cancellation).ConfigureAwait(false);
        while (true)
        {
            var left = _patience - time.GetElapsedTime(started);
            var attempt = isRepeatable && s_attempt < left ? s_attempt : left;
            MilvusException failure;
            try
            {
                switch (await coordinator.Ask<IControlMessage>(message, attempt > TimeSpan.Zero ? attempt : TimeSpan.FromMilliseconds(1), cancellation).ConfigureAwait(false))
                {
                    case T answer:
                        return answer;
                    case ControlFailed failed:
                        failure = new MilvusException((ErrorCode)failed.Code, failed.Message) { IsInputError = failed.IsInputError };
                        break;
                    case var other:
                        throw new MilvusException(ErrorCode.Internal, $"the coordinator answered {message.GetType().Name} with {other?.GetType().Name}: service internal error");
                }
            }
            catch (AskTimeoutException e)
            {
                failure = new MilvusException(ErrorCode.Timeout, "the coordinator does not answer, so it is not known whether the request was carried out: context deadline exceeded", e);
            }
            // Code 2 is said before anything is begun, so that even what must not happen twice can be asked again.
            var canRepeat = failure.Code == ErrorCode.ServiceUnavailable || (isRepeatable && failure.Code is ErrorCode.Timeout or ErrorCode.IoFailed or ErrorCode.DiskLimitExceeded);
            if (!canRepeat || time.GetElapsedTime(started) + pause >= _patience) throw failure;
            await Task.Delay(pause, time, cancellation).ConfigureAwait(false);
            pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause;
        }
    }
}

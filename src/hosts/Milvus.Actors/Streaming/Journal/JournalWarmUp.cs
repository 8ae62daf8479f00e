using Akka.Actor;
using Akka.Persistence;

namespace Milvus.Actors.Streaming.Journal;

/// <summary>
/// Replays a journal that is not there. The first replay and the first look for a snapshot of a process take a second or two of compiling and connecting, more on a busy machine; a node pays
/// for that before it takes channels over, while others still serve them.
/// </summary>
internal sealed class JournalWarmUp : UntypedPersistentActor
{
    private const string Name = "journal-warm-up";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly TaskCompletionSource _done;

    public JournalWarmUp(TaskCompletionSource done) => _done = done;

    public override string PersistenceId => Name;

    /// <summary>Never fails: a database that is away is waited for by those who need it.</summary>
    public static async Task RunAsync(ActorSystem system, TimeProvider time)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var actor = system.ActorOf(Props.Create(() => new JournalWarmUp(done)), Name);
        await done.Task.WaitAsync(s_patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        system.Stop(actor);
    }

    protected override void OnRecover(object message)
    {
        if (message is RecoveryCompleted) _done.TrySetResult();
    }

    protected override void OnCommand(object message) => Unhandled(message);

    protected override void OnRecoveryFailure(Exception reason, object? message = null) => _done.TrySetResult();
}

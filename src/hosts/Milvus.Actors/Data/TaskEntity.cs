using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Milvus.Actors.Messages;

namespace Milvus.Actors.Data;

/// <summary>
/// One task on a data node: begins with the first message, tells the planner every two seconds that it is alive, and how it ended. A repeated message only tells it who asks: so the
/// planner may repeat itself as it likes, and a new planner takes the task over from the old one.
/// </summary>
internal sealed class TaskEntity : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan s_report = TimeSpan.FromSeconds(2);

    private readonly TaskWorker _worker;
    private readonly string _node;
    private readonly CancellationTokenSource _stop = new();
    private IActorRef _planner = ActorRefs.Nobody;
    private ITaskMessage? _task;
    private TaskFinished? _finished;

    public TaskEntity(TaskWorker worker)
    {
        _worker = worker;
        _node = Cluster.Get(Context.System).SelfAddress.ToString();
        Receive<ITaskMessage>(OnTask);
        Receive<Report>(_ => Tell());
        Receive<Ended>(OnEnded);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    // The entity goes because its shard moves or its node leaves: somebody else begins anew.
    protected override void PostStop() => _stop.Cancel();

    private void OnTask(ITaskMessage task)
    {
        _planner = Sender;
        if (_task is null)
        {
            _task = task;
            Timers.StartPeriodicTimer(nameof(Report), Report.Instance, s_report);
            _worker.RunAsync(task, _stop.Token).ContinueWith(
                t => new Ended(t.IsCanceled ? "cancelled" : t.Exception?.GetBaseException().Message ?? ""),
                CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).PipeTo(Self);
        }
        Tell();
    }

    private void Tell()
    {
        if (_task is not null) _planner.Tell(_finished ?? (IControlMessage)new TaskRunning(_task.TaskId, _node), Self);
    }

    private void OnEnded(Ended ended)
    {
        _finished = new TaskFinished(_task!.TaskId, _node, ended.Failure);
        Tell();
        Timers.CancelAll();
        Context.Parent.Tell(new Passivate(PoisonPill.Instance));
    }

    private sealed class Report
    {
        public static readonly Report Instance = new();
    }

    private sealed record Ended(string Failure);
}

namespace Milvus.TestKit.Disk;

/// <summary>The simulated machine stopped in the middle of an operation; nothing can be done with its disk until it restarts.</summary>
public sealed class SimulatedCrashException() : Exception("the simulated machine has stopped");

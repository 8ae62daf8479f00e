namespace Milvus.Coordinator.Commands;

/// <summary>Makes a file known under a name. Whoever asks has seen that it is there.</summary>
public sealed record AddFileResource(string Name, string Path) : CoordinatorCommand;

/// <summary>Forgets the name; a missing one is no error. What was made with the file stays as it is.</summary>
public sealed record RemoveFileResource(string Name) : CoordinatorCommand;

#!/usr/bin/env pwsh
# A thin front to the dotnet commands; each target prints the command it runs.
param(
    [ValidateSet('restore', 'build', 'test', 'run', 'demo', 'format', 'pack')]
    [string] $Target = 'build',
    [string] $Solution = 'Milvus.Standalone.slnf',
    [string] $Configuration = 'Release'
)
$ErrorActionPreference = 'Stop'
Set-Location $PSScriptRoot

function Invoke-Step([string[]] $Arguments) {
    Write-Host "dotnet $($Arguments -join ' ')"
    & dotnet @Arguments
    if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
}

switch ($Target) {
    'restore' { Invoke-Step @('restore', $Solution) }
    'build' { Invoke-Step @('build', $Solution, '-c', $Configuration) }
    'test' { Invoke-Step @('test', $Solution, '-c', $Configuration) }
    'run' { Invoke-Step @('run', '-c', $Configuration, '--project', 'src/hosts/Milvus.Standalone') }
    'demo' { Invoke-Step @('run', '-c', $Configuration, '--project', 'src/hosts/Milvus.Standalone', '--', 'demo') }
    'format' { Invoke-Step @('format', 'whitespace', $Solution) }
    'pack' { Invoke-Step @('publish', 'src/hosts/Milvus.Standalone', '-c', $Configuration) }
}
